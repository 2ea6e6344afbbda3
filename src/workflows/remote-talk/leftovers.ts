import type {
  ProviderUsage,
  RemoteProviderFacts,
  RemoteThing,
  StoredObject,
} from '../../contracts/schemas/job.ts';
import type { RemoteUpload } from '../../ports/video-provider.ts';
import { creditsFor } from './afford-talk.ts';

/** An upload at the provider, which keeps it for a day or two. */
export interface DatedUpload extends RemoteUpload {
  /** ISO 8601. */
  uploadedAt: string;
}

/** The video of a finished talk, in our own store. */
export interface FetchedVideo {
  video: StoredObject;
  durationS: number;
  warnings: string[];
}

/** The known talk and uploads of a job at its provider. Only `RemoteTalk` changes it. */
export interface Leftovers {
  readonly provider: RemoteProviderFacts;
  readonly requestId: string;
  readonly timeScale: number;
  /** Length of the voice in seconds, which decides what a talk costs. */
  readonly voiceS: number;
  /** Whether a talk may exist there whose id is unknown. */
  readonly mayHaveUnknownTalk: boolean;
  /** Until then a lost worker may still order it. Milliseconds since 1970. */
  readonly mayBeSentUntil?: number | undefined;
  /** When a talk was first asked for, ISO 8601: none can be older. */
  readonly askedAt?: string | undefined;
  /** Whether the job has one of the places at the provider. It keeps the place while its talk may be in progress. */
  readonly hasPlace: boolean;
  readonly talkId?: string | undefined;
  /** Messages for people about the talk, from the answer to its order. */
  readonly warnings?: string[] | undefined;
  /** Set once the video of the talk is in our own store. */
  readonly fetched?: FetchedVideo | undefined;
  readonly portrait?: DatedUpload | undefined;
  readonly voice?: DatedUpload | undefined;
  /** Uploads that were sent again because they were too old. The provider may still have them. */
  readonly replaced?: ReadonlyArray<{ what: 'portrait' | 'voice'; id: string }> | undefined;
  /** The attempt of the job, from 1. Each attempt leaves at most one tidy-up. */
  readonly attempt: number;
}

/** A talk that may exist at a provider whose id is unknown. */
export type LostTalk = Pick<
  Leftovers,
  'requestId' | 'timeScale' | 'talkId' | 'mayHaveUnknownTalk' | 'mayBeSentUntil' | 'askedAt'
> & { provider: { queue: string; label: string } };

/** Whether the provider works on a talk of the job, or did: it may be paid, so it must not be made twice. */
export function mayHaveTalk({ mayHaveUnknownTalk, talkId }: Leftovers): boolean {
  return mayHaveUnknownTalk || talkId !== undefined;
}

/** What the talk of these leftovers costs. */
export function toUsage({ provider, voiceS }: Leftovers, talkId: string): ProviderUsage {
  return {
    provider: provider.name,
    talk_id: talkId,
    seconds: voiceS,
    credits: creditsFor(voiceS, provider),
  };
}

/** @param talk its warnings follow those of its order. */
export function toFetchedVideo(
  { warnings: earlier = [] }: Pick<Leftovers, 'warnings'>,
  talk: { warnings?: string[] },
  video: Omit<FetchedVideo, 'warnings'>,
): FetchedVideo {
  return { ...video, warnings: [...new Set([...earlier, ...(talk.warnings ?? [])])] };
}

/** Search terms for a talk whose id is unknown. */
export function toLostTalk({ requestId, askedAt }: Pick<Leftovers, 'requestId' | 'askedAt'>): {
  requestId: string;
  createdSince?: string;
} {
  return { requestId, ...(askedAt !== undefined && { createdSince: askedAt }) };
}

/** Adds the uploads of `before` that `now` replaces. */
export function toReplaced(
  before: Leftovers,
  now: Pick<Leftovers, 'portrait' | 'voice'>,
): NonNullable<Leftovers['replaced']> {
  const replaced = (['portrait', 'voice'] as const).flatMap((what) => {
    const id = before[what]?.id;
    return id && now[what]?.id !== id ? [{ what, id }] : [];
  });
  return [...(before.replaced ?? []), ...replaced];
}

export function toRemoteThings({
  provider,
  talkId,
  portrait,
  voice,
  replaced = [],
}: Leftovers): RemoteThing[] {
  const things = [
    { what: 'talk' as const, id: talkId },
    { what: 'portrait' as const, id: portrait?.id },
    { what: 'voice' as const, id: voice?.id },
    ...replaced,
  ];
  return things.flatMap(({ what, id }) => (id ? [{ provider: provider.name, what, id }] : []));
}

/** Name of the undo step, as clients read it. */
export function toUndoName({ label }: { label: string }): string {
  return `talk and uploads at ${label}`;
}
