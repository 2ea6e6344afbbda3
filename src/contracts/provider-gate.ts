/**
 * Words between jobs and the one breaker workflow of a provider. A job asks before it has a talk created, and reports
 * how that went; the breaker answers, also later, when things change.
 */
export const PROVIDER_BREAKER = 'providerBreaker';
export const ASK_SIGNAL = 'ask';
export const REPORT_SIGNAL = 'report';
export const BREAKER_QUERY = 'state';
/** To the job. */
export const ANSWER_SIGNAL = 'providerAnswer';
/** To the job: its talk has changed. A hint, from a webhook that nobody signs. */
export const TALK_HINT_SIGNAL = 'talkHint';

export function toBreakerId(provider: string): string {
  return `provider/${provider}`;
}

/** How the operator wants the provider used. Every job brings the words it started with; the latest count. */
export interface ProviderTerms {
  maxTalksInFlight: number;
  /** A talk that takes longer is given up. */
  talkTimeoutMs: number;
  /** Whether the provider tells of changes, so that polling may be slow. */
  hasWebhook: boolean;
  /** Factor on all waits: 1, or less against an emulator whose time is scaled. */
  timeScale: number;
}

export interface GateRequest {
  workflowId: string;
  /** After so long without a report the place is taken back: its job is gone. */
  leaseMs: number;
  terms: ProviderTerms;
}

/**
 * `created` keeps the place until `left`, and is told where the answer was `isWatched`; `outage` and `credits` give it
 * back, unless the talk may be there all the same. `talkMsPerVoiceS` is what the finished talk took for each second of its
 * voice.
 */
export interface GateReport {
  workflowId: string;
  outcome: 'created' | 'outage' | 'credits' | 'left';
  mayHaveTalk?: boolean;
  talkMsPerVoiceS?: number;
}

export type GateAnswer =
  | {
      kind: 'granted';
      talkMsPerVoiceS?: number;
      /** Whether the breaker has heard of failures, and so wants to hear of a success. */
      isWatched?: true;
    }
  | {
      kind: 'held';
      reason: 'outage' | 'credits' | 'busy';
      /** ISO 8601: when the next one is let through to try; absent where places are taken. */
      until?: string;
    };

/** Answer of the breaker's query `state`. */
export interface GateState {
  /** Set while nothing is let through. */
  hold?: { reason: 'outage' | 'credits'; until: string };
  talksInFlight: number;
  waiting: number;
}
