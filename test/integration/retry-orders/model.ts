/**
 * What a task promises about failing and retrying, as a state machine without Temporal. Requests at the same time may be
 * served in any order, and between any two steps of the task.
 */

export type RetryFrom = 'upload' | 'provider' | undefined;

export type Op =
  /** The renderer fails. The task then stops at the undo, at its last record, or nowhere, until `release`. */
  | { name: 'fail'; holdAt?: 'undo' | 'record' }
  | { name: 'succeed' }
  | { name: 'release' }
  | { name: 'retry'; from: RetryFrom }
  | { name: 'cancel' }
  /** What happens when the time of the retry window is over. */
  | { name: 'close' }
  | { name: 'erase' }
  /** SIGKILL to one of the workers that run workflows. Changes nothing. */
  | { name: 'kill' };

export interface State {
  job: 'running' | 'failing' | 'ending' | 'failed' | 'completed' | 'cancelled' | 'erased';
  /** Whether the job was cancelled while it failed. */
  isCancelled: boolean;
  window: 'none' | 'open' | 'accepted' | 'closing';
  /** Of the latest retry. */
  from: RetryFrom;
  holdAt: 'undo' | 'record' | undefined;
  attempt: number;
}

export const START: State = {
  job: 'running',
  isCancelled: false,
  window: 'none',
  from: undefined,
  holdAt: undefined,
  attempt: 1,
};

/** Of a retry: whether the task runs, waits for its failed attempt, or the code of the refusal. Other requests: `done`. */
export type Answer = 'running' | 'waiting' | 'TASK_RUNNING' | 'RETRY_IMPOSSIBLE' | 'done';

export interface Outcome {
  state: State;
  answers: Answer[];
}

/** Whether a request means something in this state. */
export function isEnabled({ job, holdAt }: State, { name }: Op): boolean {
  switch (name) {
    case 'fail':
    case 'succeed':
      return job === 'running';
    case 'release':
      return holdAt !== undefined;
    default:
      return job !== 'erased';
  }
}

/** What a test can see of a state without a request. */
export function toVisible({ job, window, attempt }: State) {
  return {
    job: job === 'failing' || job === 'ending' ? 'running' : job,
    hasWindow: window !== 'none',
    hasUploads: window === 'none' ? ['running', 'failing', 'completed'].includes(job) : window !== 'closing',
    isRendering: job === 'running',
    ...(job === 'running' && { attempt }),
  };
}

/** Every end to which these requests can lead if they are made at the same time, each with its answers. */
export function explore(start: State, ops: readonly Op[]): Outcome[] {
  const outcomes = new Map<string, Outcome>();
  const seen = new Set<string>();
  type Progress = Answer | 'unsent' | 'accepted';
  const visit = (state: State, progress: readonly Progress[]) => {
    const key = JSON.stringify([state, progress]);
    if (seen.has(key)) return;
    seen.add(key);
    const next = step(state);
    if (next) visit(next, settle(progress, state, next));
    ops.forEach((op, index) => {
      const put = (answer: Progress) => progress.map((one, at) => (at === index ? answer : one));
      if (progress[index] === 'unsent') {
        const [then, answer] = send(state, op);
        visit(then, settle(put(answer), state, then));
      } else if (progress[index] === 'accepted') {
        // The caller does not wait for long.
        visit(state, put('waiting'));
      }
    });
    if (!next && progress.every((one) => one !== 'unsent' && one !== 'accepted')) {
      outcomes.set(key, { state, answers: progress as Answer[] });
    }
  };
  visit(
    start,
    ops.map(() => 'unsent'),
  );
  return [...outcomes.values()];

  /** A retry that was accepted is answered when the window leaves that state. */
  function settle(progress: readonly Progress[], before: State, after: State): Progress[] {
    const answer: Progress =
      before.window !== 'accepted' || after.window === 'accepted'
        ? 'accepted'
        : after.job === 'running'
          ? 'running'
          : 'RETRY_IMPOSSIBLE';
    return progress.map((one) => (one === 'accepted' ? answer : one));
  }
}

/** What the task does by itself. `undefined` if it waits for a request. */
function step(state: State): State | undefined {
  const { job, window, holdAt, isCancelled, attempt } = state;
  if (job === 'failing' && holdAt !== 'undo') {
    return { ...state, job: 'ending', window: isCancelled ? 'none' : 'open' };
  }
  if (job === 'ending' && holdAt !== 'record') {
    return { ...state, job: 'failed' };
  }
  if (job === 'failed' && window === 'accepted') {
    return { ...state, job: 'running', window: 'none', attempt: attempt + 1 };
  }
  if (job === 'failed' && window === 'closing') {
    return { ...state, window: 'none' };
  }
  return undefined;
}

function send(state: State, op: Op): [State, Answer | 'accepted'] {
  const { job, window } = state;
  switch (op.name) {
    case 'fail':
      return [
        job === 'running' ? { ...state, job: 'failing', isCancelled: false, holdAt: op.holdAt } : state,
        'done',
      ];
    case 'succeed':
      return [job === 'running' ? { ...state, job: 'completed' } : state, 'done'];
    case 'release':
      return [{ ...state, holdAt: undefined }, 'done'];
    case 'cancel':
      if (job === 'running') return [{ ...state, job: 'cancelled' }, 'done'];
      if (job === 'failing') return [{ ...state, isCancelled: true }, 'done'];
      return [job === 'ending' ? close(state) : state, 'done'];
    case 'close':
      return [close(state), 'done'];
    case 'erase':
      return [{ ...state, job: 'erased', window: 'none', holdAt: undefined }, 'done'];
    case 'kill':
      return [state, 'done'];
    case 'retry':
      if (window === 'open')
        return [{ ...state, window: 'accepted', from: op.from ?? 'provider' }, 'accepted'];
      if (window === 'accepted') {
        const isSame = op.from === undefined || op.from === state.from;
        return [state, isSame ? 'accepted' : 'TASK_RUNNING'];
      }
      if (window === 'closing' || !['running', 'failing', 'ending'].includes(job)) {
        return [state, 'RETRY_IMPOSSIBLE'];
      }
      // The same retry again, whose answer may have been lost.
      return [
        state,
        state.attempt > 1 && (op.from ?? state.from) === state.from ? 'running' : 'TASK_RUNNING',
      ];
  }
}

function close(state: State): State {
  return state.window === 'open' || state.window === 'accepted' ? { ...state, window: 'closing' } : state;
}
