import { SECONDS_PER_CREDIT } from '../../src/providers/d-id/limits.ts';
import { type FaultPlan, NO_FAULTS } from './faults.ts';

export interface AccountOptions {
  /** Accepted as plain text, in base64 or as a Bearer token. */
  apiKey: string;
  credits?: number;
  faults?: FaultPlan;
  /** Milliseconds that a talk takes, by its seconds of voice. Default: 1 s plus 1 s per second of voice. */
  talkMs?: (voiceS: number) => number;
  /** Milliseconds after which a new talk appears in the list. Default: 0. */
  listDelayMs?: number;
  /** Whether the plan has `config.stitch`. Default: true. */
  hasStitch?: boolean;
}

export interface Upload {
  id: string;
  url: string;
  path: string;
  bytes: Buffer;
  type: string;
}

export type TalkStatus = 'created' | 'started' | 'done' | 'error' | 'rejected';

export interface Talk {
  id: string;
  userData: string | undefined;
  image: Upload;
  audio: Upload;
  voiceS: number;
  stitch: boolean;
  webhook: string | undefined;
  createdAt: Date;
  modifiedAt: Date;
  startedAt?: Date;
  status: TalkStatus | 'unheard-of';
  error?: { kind: string; description: string };
  resultPath?: string;
}

/** One paid talk. Deleting the talk does not refund it. */
export interface LedgerEntry {
  talkId: string;
  userData: string | undefined;
  seconds: number;
  credits: number;
  at: Date;
  /** When the work on it ended. */
  endedAt?: Date;
}

export interface ReceivedCall {
  call: string;
  status: number | 'cut';
  at: Date;
}

/** Older calls are forgotten. */
const MAX_CALLS = 500;

/** Everything that belongs to one API key. */
export class Account {
  readonly images = new Map<string, Upload>();
  readonly audios = new Map<string, Upload>();
  readonly talks = new Map<string, Talk>();
  readonly ledger: LedgerEntry[] = [];
  readonly calls: ReceivedCall[] = [];
  readonly options: Required<Omit<AccountOptions, 'credits'>>;
  /** Credits at the start. */
  readonly allCredits: number;
  credits: number;

  constructor({ credits = 1_000_000, ...options }: AccountOptions) {
    this.allCredits = credits;
    this.credits = credits;
    this.options = {
      faults: NO_FAULTS,
      talkMs: (voiceS) => 1_000 + voiceS * 1_000,
      listDelayMs: 0,
      hasStitch: true,
      ...options,
    };
  }

  /** Ids of everything stored. */
  get leftovers(): string[] {
    return [...this.images.keys(), ...this.audios.keys(), ...this.talks.keys()];
  }

  /** @returns whether there were enough credits. */
  pay(talk: Pick<Talk, 'id' | 'userData' | 'voiceS'>): boolean {
    const credits = Math.max(1, Math.ceil(talk.voiceS / SECONDS_PER_CREDIT));
    if (credits > this.credits) {
      return false;
    }
    this.credits -= credits;
    this.ledger.push({
      talkId: talk.id,
      userData: talk.userData,
      seconds: talk.voiceS,
      credits,
      at: new Date(),
    });
    return true;
  }

  /** Records that the talk is done or has failed. */
  end(talkId: string): void {
    const entry = this.ledger.find((candidate) => candidate.talkId === talkId);
    if (entry) {
      entry.endedAt = new Date();
    }
  }

  note(call: string, status: number | 'cut'): void {
    this.calls.push({ call, status, at: new Date() });
    if (this.calls.length > MAX_CALLS) {
      this.calls.shift();
    }
  }
}
