import type { JobOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import type { PlannedJob, ReaderKind } from './plan.ts';

/** What a client did to its task, and what it was told. */
export interface TaskLog {
  taskId: string;
  job: PlannedJob;
  /** Whether the server accepted the submission. */
  isAccepted: boolean;
  /** The stage of the task in the answer to its cancellation. */
  cancelledAtStage?: string;
  /** Retries that were asked for. Each may have been accepted without an answer. */
  retriesAsked: number;
  /** Whether its erasure was asked for. */
  isErased: boolean;
  /** Whether the client gave up before it had the receipt. The server may never have got the request. */
  hasLeft?: boolean;
  /** The end of each attempt, as the client was told. */
  outcomes: JobOutcome[];
  /** Promises that were not kept to this client, in words. */
  complaints: string[];
}

export interface SeenEvent {
  seq: number;
  stage: string;
  message: string;
}

/** What one reader received, over all its connections. */
export interface ReaderLog {
  taskId: string;
  kind: ReaderKind | 'late';
  connections: number;
  events: SeenEvent[];
  /** `gone`: there is no such task any more. */
  end: 'ended' | 'gone' | 'never';
}

export interface ReceivedMessage {
  /** The `webhook-id`: the same in every attempt to deliver one message. */
  id: string;
  taskId: string;
  seq: number;
  stage: string;
}

/** One execution in Temporal. */
export interface ExecutionFacts {
  workflowId: string;
  runId: string;
  type: string;
  /** As Temporal names it: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT, CONTINUED_AS_NEW. */
  status: string;
  startedAt: string;
  historyLength: number;
}

export interface ObjectFacts {
  key: string;
  bytes: number;
  /** Of the bytes as they are on the disk. */
  sha256: string;
}

export interface PaidTalk {
  talkId: string;
  /** The id of the task, which the client sends along. */
  userData: string | undefined;
  at: string;
  /** When the provider's work on it ended. */
  endedAt?: string;
}

export interface RemoteLeftover {
  what: 'talk' | 'portrait' | 'voice';
  id: string;
  /** Whether its id occurs in the history of some workflow: then Limelight knows of it. */
  isKnown: boolean;
}

/** Everything that the checker looks at, gathered when nothing is disturbed and nothing runs any more. */
export interface Evidence {
  tasks: TaskLog[];
  readers: ReaderLog[];
  webhooks: ReceivedMessage[];
  executions: ExecutionFacts[];
  /** All objects of the store. */
  objects: ObjectFacts[];
  /** The parsed content of every `metadata.json`, by task. */
  records: Record<string, unknown>;
  /** Files beside the objects that a sweep of the store did not remove. */
  litter: string[];
  paid: PaidTalk[];
  leftovers: RemoteLeftover[];
  /** Of the breaker of D-ID, and how many there are. */
  places: { taken: number; waiting: number; isHeld: boolean; limit: number };
  /** As many jobs at once as the quota of the key allows, of every kind, after everything else. */
  lastJobs: { asked: number; completed: number; refused: string[] };
  /** Processes that outlived those that had started them. */
  processes: string[];
}
