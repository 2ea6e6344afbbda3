import { z } from '@hono/zod-openapi';
import {
  type Background,
  CACHE_CHOICES,
  DEFAULT_BACKGROUND,
  type JobOptions,
  OUTAGE_CHOICES,
  WEBHOOK_EVENTS,
  type WebhookOrder,
} from '../../contracts/job.ts';
import { PipelineError } from '../../errors.ts';
import type { ReceivedFile } from '../../ports/object-store.ts';
import { chooseProvider, findProviderFaults, type OfferedProvider } from './choose-provider.ts';
import type { ReceivedForm } from './multipart.ts';

export interface JobForm {
  image: ReceivedFile;
  audio: ReceivedFile;
  backgroundImage?: ReceivedFile;
  options: JobOptions;
  webhook?: WebhookOrder;
}

/** A form as it was sent: files may be somewhere else still. */
export interface JobOrder extends Omit<JobForm, 'image' | 'audio'> {
  image: ReceivedFile | { url: string };
  audio: ReceivedFile | { url: string };
}

/** Settings of this server that stand in for fields that were not sent. */
export interface JobDefaults {
  confThreshold: number;
  /** Seconds that a job which failed for a reason that may pass can be retried. Default: 0. */
  retryWindowS?: number;
}

type FieldSchema = NonNullable<Parameters<z.ZodString['openapi']>[1]>;

/** A text field; `parse` answers with `undefined` where the text is not what was expected. `schema` is for OpenAPI. */
function field<T>(expected: string, schema: FieldSchema, parse: (text: string) => T | undefined) {
  return z
    .string()
    .transform((text, context): T => {
      const value = parse(text);
      if (value === undefined) {
        const received = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
        context.addIssue({ code: 'custom', message: `expected ${expected} but received ${received}` });
        return z.NEVER;
      }
      return value;
    })
    .openapi(schema);
}

function numberBetween(least: number, most: number, pattern: RegExp) {
  return (text: string) => {
    const value = Number(text);
    return pattern.test(text) && value >= least && value <= most ? value : undefined;
  };
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)$/;
const INTEGER = /^\d+$/;
const toPersonNumber = numberBetween(1, 1000, INTEGER);

function parseBackground(text: string): Background | undefined {
  if (text === 'original' || text === 'blur' || text === 'transparent' || text === 'image') {
    return text;
  }
  return /^#[0-9a-f]{6}$/i.test(text) ? (text.toLowerCase() as `#${string}`) : undefined;
}

const MAX_URL_LENGTH = 2048;

const urlField = (what: string) =>
  field('an https URL', { format: 'uri', maxLength: MAX_URL_LENGTH, description: what }, (text) =>
    text.length <= MAX_URL_LENGTH && URL.canParse(text) ? text : undefined,
  ).optional();

/** The text fields of a submission, as clients write them. Whatever is not here is refused by name. */
export const JOB_FIELDS = z.strictObject({
  conf_threshold: field(
    'a number from 0 to 1',
    { type: 'number', minimum: 0, maximum: 1, description: 'Detections below it are no persons.' },
    numberBetween(0, 1, DECIMAL),
  ).optional(),
  apply_smoothing: field(
    'true or false',
    { type: 'boolean', default: true, description: 'Soften the edge of the mask.' },
    (text) => ({ true: true, false: false })[text],
  ).default(true),
  persons: field(
    'auto, ask, or the number of a person from 1',
    {
      default: 'auto',
      pattern: '^(auto|ask|[1-9][0-9]{0,2})$',
      description: 'The best person, one by its number, or `ask` to choose when they are found.',
      example: 'auto',
    },
    (text) => (text === 'auto' || text === 'ask' ? text : toPersonNumber(text)),
  ).default('auto'),
  background: field(
    'original, blur, transparent, image or a colour such as #e8e8ea',
    {
      default: DEFAULT_BACKGROUND,
      pattern: '^(original|blur|transparent|image|#[0-9a-fA-F]{6})$',
      description:
        'What stands behind the person; `image` needs a `background_image`. `transparent` makes a WebM with alpha, by the built-in renderer.',
      example: '#e8e8ea',
    },
    parseBackground,
  ).default(DEFAULT_BACKGROUND),
  provider: field(
    'auto or the name of a provider',
    {
      default: 'auto',
      description:
        '`auto` is the first provider of `GET /api/info` that can make the video: a `transparent` background needs one with alpha.',
    },
    (text) => text,
  ).default('auto'),
  on_outage: field(
    'wait, local or fail',
    {
      enum: [...OUTAGE_CHOICES],
      default: 'wait',
      description: 'What to do while a remote provider is out or its account has no credits.',
    },
    (text) => OUTAGE_CHOICES.find((choice) => choice === text),
  ).default('wait'),
  deadline_s: field(
    'whole seconds from 1 to 86400',
    {
      type: 'integer',
      minimum: 1,
      maximum: 86_400,
      default: 3600,
      description: 'Then the job fails and is undone.',
    },
    numberBetween(1, 86_400, INTEGER),
  ).default(3600),
  priority: field(
    'a whole number from 1 (first) to 5 (last)',
    { type: 'integer', minimum: 1, maximum: 5, default: 3, description: 'From 1 (first) to 5 (last).' },
    numberBetween(1, 5, INTEGER),
  ).default(3),
  cache: field(
    'use or no-store',
    {
      enum: [...CACHE_CHOICES],
      default: 'use',
      description: '`no-store` makes all of it anew, and keeps nothing of it for other tasks.',
    },
    (text) => CACHE_CHOICES.find((choice) => choice === text),
  ).default('use'),
  image_url: urlField('Where the photo is, in place of `image`.'),
  audio_url: urlField('Where the recording is, in place of `audio`.'),
  webhook_url: urlField('What is told of the end, with a Standard Webhooks signature.'),
  webhook_events: field(
    'end or all',
    { enum: [...WEBHOOK_EVENTS], default: 'end', description: '`all` tells of each stage too.' },
    (text) => WEBHOOK_EVENTS.find((events) => events === text),
  ).optional(),
  retention_days: field(
    'a number of days above 0, at most 3650',
    {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 3650,
      description: 'Days that the files of this task are kept, in place of the settings of the server.',
    },
    numberBetween(0.001, 3650, DECIMAL),
  ).optional(),
});

/** @throws PipelineError INPUT_INVALID naming every fault at once; its details have them by field. */
export function parseJobForm(
  { texts, files, faults }: ReceivedForm,
  defaults: JobDefaults,
  providers: readonly OfferedProvider[],
): JobOrder {
  const found = new Map(faults);
  const add = (name: string, fault: string) => found.has(name) || found.set(name, fault);
  const parsed = JOB_FIELDS.safeParse(Object.fromEntries(texts));
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) add(key, 'unknown field');
    } else {
      add(issue.path.join('.'), issue.message);
    }
  }
  const source = (name: 'image' | 'audio') => {
    const url = texts.get(`${name}_url`);
    const file = files.get(name);
    if (url && file) add(`${name}_url`, `expected either this or ${name}, but received both`);
    return file ?? (url === undefined ? undefined : { url });
  };
  const image = source('image');
  const audio = source('audio');
  const backgroundImage = files.get('background_image');
  if (!image) add('image', 'expected a photo (JPEG, PNG, WebP, AVIF or HEIC) but received none');
  if (!audio) add('audio', 'expected a voice recording (such as WAV, MP3 or M4A) but received none');
  const wantsImage = texts.get('background') === 'image';
  if (wantsImage && !backgroundImage) {
    add('background_image', 'expected a picture because background is image, but received none');
  } else if (backgroundImage && !wantsImage) {
    add('background', 'expected image because a background_image was sent');
  }
  if (texts.has('webhook_events') && !texts.has('webhook_url')) {
    add('webhook_url', 'expected an https URL because webhook_events was sent, but received none');
  }
  const chosen = { provider: texts.get('provider'), background: texts.get('background') };
  for (const [name, fault] of Object.entries(findProviderFaults(providers, chosen))) {
    add(name, fault);
  }
  if (found.size > 0 || !parsed.success || !image || !audio) {
    throw new PipelineError(
      'INPUT_INVALID',
      [...found].map(([name, fault]) => `${name}: ${fault}`).join('; '),
      { details: Object.fromEntries(found) },
    );
  }
  const { conf_threshold, apply_smoothing, deadline_s, on_outage, provider, ...others } = parsed.data;
  const { image_url, audio_url, webhook_url, webhook_events = 'end', retention_days, ...rest } = others;
  const options = {
    confThreshold: conf_threshold ?? defaults.confThreshold,
    applySmoothing: apply_smoothing,
    deadlineS: deadline_s,
    provider: chooseProvider(providers, { provider, background: rest.background }),
    onOutage: on_outage,
    ...(retention_days !== undefined && { retentionDays: retention_days }),
    ...rest,
  };
  return {
    image,
    audio,
    ...(backgroundImage && { backgroundImage }),
    options,
    ...(webhook_url !== undefined && { webhook: { url: webhook_url, events: webhook_events } }),
  };
}
