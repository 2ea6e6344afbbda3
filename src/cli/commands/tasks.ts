import { type Command, Option } from 'commander';
import type { TaskSummary } from '../../contracts/schemas/task-status.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples, toWholeNumber } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { toDuration, toLocalTime } from '../terminal/format.ts';
import { show, write } from '../terminal/output.ts';
import { paintStage } from '../terminal/status-lines.ts';
import { type Column, toTable } from '../terminal/table.ts';

const STATUSES = ['running', 'completed', 'failed', 'cancelled'] satisfies TaskSummary['status'][];
const MAX_PER_PAGE = 100;

interface TasksFlags extends ServerFlags {
  status?: string;
  search?: string;
  limit: number;
}

export function addTasksCommand(program: Command): void {
  const command = program
    .command('tasks')
    .summary('list the newest tasks')
    .description('Lists the tasks of the server, last submitted first, with their stage and duration.')
    .addOption(new Option('--status <status>', 'only tasks with this status').choices(STATUSES))
    .option('--search <text>', 'only tasks whose name contains this')
    .option('--limit <count>', 'maximum number of tasks', toWholeNumber, 20);
  addServerOption(command).action(list);
  addExamples(command, [
    'limelight tasks',
    'limelight tasks --status failed --limit 100',
    "limelight tasks --json | jq -r '.[].task_id'",
  ]);
}

const COLUMNS: Column[] = [
  { title: 'task' },
  { title: 'name' },
  { title: 'stage' },
  { title: 'made by' },
  { title: 'submitted' },
  { title: 'took', align: 'right' },
];

async function list({ status, search, limit, ...flags }: TasksFlags): Promise<void> {
  const signal = stopSignal();
  const client = await connect(flags, signal);
  const tasks: TaskSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.list({
      signal,
      limit: Math.min(MAX_PER_PAGE, limit - tasks.length),
      ...(status && { status }),
      ...(search && { search }),
      ...(cursor && { cursor }),
    });
    tasks.push(...page.tasks);
    cursor = page.next_cursor;
  } while (cursor && tasks.length < limit);
  show(tasks, () => toTable(COLUMNS, tasks.map(toCells)));
  if (tasks.length === 0) {
    write(
      search
        ? `No task has ${search} in its name.`
        : status
          ? `No task is ${status}.`
          : 'There are no tasks yet. `npx limelight generate --help` shows how to start one.',
    );
  }
}

function toCells({
  task_id,
  name = '',
  stage,
  provider = '',
  submitted_at,
  ended_at,
}: TaskSummary): string[] {
  const took = (ended_at ? Date.parse(ended_at) : Date.now()) - Date.parse(submitted_at);
  return [task_id, name, paintStage(stage), provider, toLocalTime(submitted_at), toDuration(took)];
}
