import { z } from 'zod';
import { CONSENT_TEXT_IDS } from '../consent.ts';
import { RETRY_POINTS } from '../retry.ts';
import { KeyWeight } from './api-key.ts';
import { JobOptions, WebhookOrder } from './job-options.ts';
import { extensible, Instant, ProviderName, Sha256 } from './primitives.ts';
import { StageEvent } from './stage-event.ts';

/** A stored object as payloads refer to it. Bytes never travel through Temporal. */
export const StoredObject = extensible({
  key: z.string().min(1),
  bytes: z.int().min(0),
  sha256: Sha256,
});
export type StoredObject = z.infer<typeof StoredObject>;

/** A client's declaration that the people in the files have agreed. */
export const Consent = extensible({
  text: z.enum(CONSENT_TEXT_IDS).meta({
    description: 'Which text was declared. `GET /api/info` has the texts.',
    example: 'en-1',
  }),
  given_at: Instant,
  given_by: z.string().optional().describe('The name of the API key that submitted it. Absent without keys.'),
});
export type Consent = z.infer<typeof Consent>;

/** What a job used of a paid provider. */
export const ProviderUsage = extensible({
  provider: ProviderName.meta({ example: 'd-id' }),
  talk_id: z.string().meta({ description: 'The id of the talk at the provider.', example: 'tlk_Xh2mV0' }),
  seconds: z.number().meta({ description: 'Length of the voice.', example: 11 }),
  credits: z.number().meta({ example: 1 }),
  refund_expected: z
    .boolean()
    .optional()
    .describe('Whether the talk failed, and the provider promises to return its credits.'),
});
export type ProviderUsage = z.infer<typeof ProviderUsage>;

/** Something of a job that is stored at a provider. */
export const RemoteThing = extensible({
  provider: ProviderName,
  what: z.enum(['talk', 'portrait', 'voice']),
  id: z.string(),
});
export type RemoteThing = z.infer<typeof RemoteThing>;

/** What a failed job leaves to the one that continues under the same id. */
export const Resume = z.object({
  attempt: z.int().min(2),
  from: z.enum(RETRY_POINTS),
  /** The deadline counts from here. */
  at: Instant,
  /** All events so far. The one that reported the failure no longer reports an end. */
  events: z.array(StageEvent),
  /** What the steps before `from` returned, by retry point. Only workflow code reads it. */
  steps: z.partialRecord(z.enum(RETRY_POINTS), z.unknown()),
  objects: z.array(StoredObject),
  usage: z.array(ProviderUsage),
  /** What is left at the provider, above all a talk that is paid for. Only workflow code reads it. */
  leftovers: z.unknown().optional(),
});
export type Resume = z.infer<typeof Resume>;

const commonFacts = {
  /** Its name in jobs, such as `d-id`. */
  name: ProviderName,
  /** Its name in sentences, such as "D-ID" or "the built-in renderer". */
  label: z.string().min(1),
  /** The task queue of its activities. */
  queue: z.string().min(1),
};

/** A provider that renders in our own activities. */
export const LocalProviderFacts = z.object({ kind: z.literal('local'), ...commonFacts });
export type LocalProviderFacts = z.infer<typeof LocalProviderFacts>;

/** A provider that makes a talk elsewhere, for money. */
export const RemoteProviderFacts = z.object({
  kind: z.literal('remote'),
  ...commonFacts,
  /** Seconds of voice that a credit pays for. Part of a second counts as a whole one. */
  secondsPerCredit: z.number().positive(),
  /** The setting to raise if talks take longer than this server waits. */
  talkTimeoutSetting: z.string(),
});
export type RemoteProviderFacts = z.infer<typeof RemoteProviderFacts>;

/** Everything that workflows know about a provider. The API looks it up when a job is submitted. */
export const ProviderFacts = z.discriminatedUnion('kind', [LocalProviderFacts, RemoteProviderFacts]);
export type ProviderFacts = z.infer<typeof ProviderFacts>;

/** The argument of the workflow `generateVideo`. */
export const JobInput = z.object({
  taskId: z.string().min(1),
  image: StoredObject,
  audio: StoredObject,
  backgroundImage: StoredObject.optional(),
  options: JobOptions,
  /** The provider that the options name. */
  provider: ProviderFacts,
  /** Takes over if the provider is down and the options allow it. Absent if the provider is a local one. */
  fallback: LocalProviderFacts.optional(),
  /** A hash of everything that makes two submissions the same. */
  fingerprint: z.string().min(1),
  submittedAt: Instant,
  /** The name of the API key that submitted it. No other key sees the task. */
  owner: z.string().optional(),
  /** Turns at the slots that this key has for each turn of other keys while tasks of both wait. Default: 1. */
  weight: KeyWeight.optional(),
  consent: Consent.optional(),
  webhook: WebhookOrder.optional(),
  /** Seconds to keep what a failed job needs for a retry, if a retry may help. Default: 0, everything is undone at once. */
  retryWindowS: z.number().min(0).optional(),
  /** Whether the uploads are deleted once they are decoded. Default: they stay for the days of their tier. */
  deletesOriginals: z.boolean().optional(),
  /** Where a job that failed before under this id continues. */
  resume: Resume.optional(),
});
export type JobInput = z.infer<typeof JobInput>;
