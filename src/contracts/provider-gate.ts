/**
 * Messages between jobs and the breaker workflow of a provider. A job asks for a place before it creates a talk, and reports
 * the outcome. The breaker answers at once, and again when something changes.
 */
export const PROVIDER_BREAKER = 'providerBreaker';
/** Sent to the breaker with the messages of one or several jobs. */
export const GATE_SIGNAL = 'messages';
export const BREAKER_QUERY = 'state';
/** Sent to the job, with `askedAt` of the request that it answers. */
export const ANSWER_SIGNAL = 'providerAnswer';
/** Sent by the API to the job: its talk may have changed. Only a hint, because webhooks are unsigned. */
export const TALK_HINT_SIGNAL = 'talkHint';

const BREAKER_PREFIX = 'provider/';

export function toBreakerId(provider: string): string {
  return `${BREAKER_PREFIX}${provider}`;
}

/** The provider of a breaker. */
export function providerOf(breakerId: string): string {
  return breakerId.slice(BREAKER_PREFIX.length);
}

/** The ids of the workflows that delete what a job left at its provider begin with this. Erasing a task waits for them. */
export const TIDY_UP_PREFIX = 'tidy-up/';

/** One for each attempt of a job: the tidy-up of an earlier attempt may still run. */
export function toTidyUpId(taskId: string, attempt: number): string {
  return `${TIDY_UP_PREFIX}${taskId}/${attempt}`;
}

/** The operator's limits. Each job sends the terms it started with, and the breaker uses the latest. */
export interface ProviderTerms {
  maxTalksInFlight: number;
  /** A job abandons a talk that takes longer. */
  talkTimeoutMs: number;
  /** Whether the provider sends webhooks, so that polls may be rare. */
  hasWebhook: boolean;
  /** Factor on all delays. Below 1 only for an emulator with scaled time. */
  timeScale: number;
}

export interface GateRequest {
  kind: 'ask';
  workflowId: string;
  /**
   * When the job began to ask, in milliseconds since 1970. The same in repetitions of the request. The answer contains it,
   * because answers may arrive late or twice.
   */
  askedAt: number;
  terms: ProviderTerms;
}

/**
 * `created` keeps the place until `left`; it is sent only if the answer had `isWatched`. `outage` and `credits` give the
 * place back, unless the talk may exist. So does `left`, at the end of the job. `talkMsPerVoiceS` is the time of the finished
 * talk per second of its voice.
 */
export interface GateReport {
  kind: 'report';
  workflowId: string;
  outcome: 'created' | 'outage' | 'credits' | 'left';
  mayHaveTalk?: boolean;
  talkMsPerVoiceS?: number;
}

export type GateMessage = GateRequest | GateReport;

export type GateAnswer =
  | {
      kind: 'granted';
      talkMsPerVoiceS?: number;
      /** Set after failures: the breaker then needs the report of a success. */
      isWatched?: true;
    }
  | {
      kind: 'held';
      reason: 'outage' | 'credits' | 'busy';
      /** ISO 8601: when the next job may try. Absent while the job waits for a place. */
      until?: string;
    };

/** A job that waits for an answer to its request. */
export interface Addressee {
  workflowId: string;
  askedAt: number;
}

/** The same answer for several jobs. */
export interface AnswerBatch {
  answer: GateAnswer;
  jobs: Addressee[];
}

/** The jobs of a batch that did not get their answer, by the id of their workflow. */
export interface Undelivered {
  /** They have ended, or accept no more signals. */
  gone: string[];
  /** To be tried again. */
  unreached: string[];
}

/** Answer of the breaker's query `state`. */
export interface GateState {
  /** Set while no job gets a place. */
  hold?: { reason: 'outage' | 'credits'; until: string };
  talksInFlight: number;
  waiting: number;
}
