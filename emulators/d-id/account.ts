import { SECONDS_PER_CREDIT } from '../../src/providers/d-id/limits.ts';
import { type FaultPlan, NO_FAULTS } from './faults.ts';

const DAY_S = 24 * 3_600;
/** Id of the user of every account, in the form that D-ID has for a login with Google. */
export const USER_ID = 'google-oauth2|100000000000000000000';

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
  /** Whether the plan puts a watermark on videos. Default: false. */
  hasWatermark?: boolean;
  /** Whether `GET /credits` knows the account. Otherwise it answers 404. Default: true. */
  hasCreditRecord?: boolean;
  /**
   * What a talk shows of its order, in the list and on its own: D-ID's documents and published payloads differ. Without
   * `user_data` only the file name in `source_url` identifies the job. Webhooks always have it. Default: `user_data`.
   */
  shows?: 'user_data' | 'source of the talk' | 'source of the upload';
  /** Whether failed talks are refunded, as D-ID's documents say. Default: true. */
  refunds?: boolean;
  /** Seconds for which the URL of a result works. It is signed once, when the talk is done. Default: a day. */
  resultLifeS?: number;
  /** Seconds for which D-ID keeps uploads. Default: a day, the shortest time that its documents name. */
  uploadLifeS?: number;
  /** Files that always get a 500 when they are uploaded. Default: none. */
  breaksOn?: (file: { name: string; type: string }) => boolean;
}

export interface Upload {
  id: string;
  name: string;
  url: string;
  path: string;
  bytes: Buffer;
  type: string;
  at: Date;
}

export type TalkStatus = 'created' | 'started' | 'done' | 'error' | 'rejected';

export interface Talk {
  id: string;
  userData: string | undefined;
  image: Upload;
  audio: Upload;
  /** The copies of picture and voice that D-ID makes for the talk, with URLs that are signed once. */
  sourceUrl: string;
  audioUrl: string;
  voiceS: number;
  stitch: boolean;
  webhook: string | undefined;
  createdAt: Date;
  modifiedAt: Date;
  startedAt?: Date;
  status: TalkStatus | 'unheard-of';
  error?: { kind: string; description: string };
  result?: {
    path: string;
    /** Signed once, when the talk is done. */
    url: string;
  };
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
  /** When the credits were returned, because the talk failed. */
  refundedAt?: Date;
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
      hasWatermark: false,
      hasCreditRecord: true,
      shows: 'user_data',
      refunds: true,
      resultLifeS: DAY_S,
      uploadLifeS: DAY_S,
      breaksOn: () => false,
      ...options,
    };
  }

  /** Ids of everything stored. */
  get leftovers(): string[] {
    return [...this.images.keys(), ...this.audios.keys(), ...this.talks.keys()];
  }

  /** The upload with this URL, unless it is too old. */
  findUpload(shelf: Map<string, Upload>, url: string): Upload | undefined {
    const oldestMs = Date.now() - this.options.uploadLifeS * 1000;
    return [...shelf.values()].find((upload) => upload.url === url && upload.at.getTime() > oldestMs);
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

  /** Records that the talk is done or has failed. Refunds errors; D-ID's documents do not name rejected talks. */
  end({ id, status }: Pick<Talk, 'id' | 'status'>): void {
    const entry = this.ledger.find(({ talkId }) => talkId === id);
    if (entry) {
      entry.endedAt = new Date();
      if (status === 'error' && this.options.refunds) {
        entry.refundedAt = entry.endedAt;
        this.credits += entry.credits;
      }
    }
  }

  note(call: string, status: number | 'cut'): void {
    this.calls.push({ call, status, at: new Date() });
    if (this.calls.length > MAX_CALLS) {
      this.calls.shift();
    }
  }
}
