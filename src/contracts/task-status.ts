export type {
  AcceptedTask,
  Eta,
  QueuePlace,
  TaskList,
  TaskStatus,
  TaskSummary,
} from './schemas/task-status.ts';
