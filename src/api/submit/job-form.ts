import { CONSENT_TEXT_IDS, CONSENT_TEXTS, type ConsentTextId } from '../../contracts/consent.ts';
import { listLabels } from '../../contracts/media-types.ts';
import type { JobOptions, WebhookOrder } from '../../contracts/schemas/job-options.ts';
import { toTaskName } from '../../contracts/task-name.ts';
import { PipelineError } from '../../errors.ts';
import type { ReceivedFile } from '../../ports/object-store.ts';
import { chooseProvider, findProviderFaults, type OfferedProvider } from './choose-provider.ts';
import { JOB_FIELDS } from './job-fields.ts';
import type { ReceivedForm } from './multipart.ts';

export interface JobForm {
  image: ReceivedFile;
  audio: ReceivedFile;
  backgroundImage?: ReceivedFile;
  options: JobOptions;
  webhook?: WebhookOrder;
  consent?: ConsentTextId;
}

/** A form as it was sent: files may still have to be downloaded. */
export interface JobOrder extends Omit<JobForm, 'image' | 'audio'> {
  image: ReceivedFile | { url: string };
  audio: ReceivedFile | { url: string };
}

/** Settings of this server, used for fields that were not sent. */
export interface JobDefaults {
  confThreshold: number;
  /** Of videos that are rendered here. */
  longSidePx: number;
  /** Seconds that a job can be retried after a failure that may be temporary. Default: 0. */
  retryWindowS?: number;
  /** Whether uploads are deleted once they are decoded. Default: no. */
  deletesOriginals?: boolean;
  /** Whether a submission must declare that the people in its files have agreed. Default: no. */
  requiresConsent?: boolean;
}

/** @throws PipelineError INPUT_INVALID with every fault at once; its details have them by field. */
export function parseJobForm(
  { texts, files, fileNames, faults }: ReceivedForm,
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
  if (!image) add('image', `expected a photo (${listLabels('picture')}) but received none`);
  if (!audio) add('audio', `expected a voice recording (${listLabels('recording')}) but received none`);
  const wantsImage = texts.get('background') === 'image';
  if (wantsImage && !backgroundImage) {
    add('background_image', 'expected a picture because background is image, but received none');
  } else if (backgroundImage && !wantsImage) {
    add('background', 'expected image because a background_image was sent');
  }
  if (texts.has('webhook_events') && !texts.has('webhook_url')) {
    add('webhook_url', 'expected an https URL because webhook_events was sent, but received none');
  }
  if (defaults.requiresConsent && !texts.has('consent')) {
    add(
      'consent',
      `expected ${CONSENT_TEXT_IDS.join(' or ')} but received none. This server requires the declaration: ${CONSENT_TEXTS['en-1']}`,
    );
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
  const { image_url, audio_url, webhook_url, webhook_events = 'end', consent, ...fields } = parsed.data;
  const name = fields.name ?? toTaskName(fileNames.get('image') ?? '');
  const options: JobOptions = {
    ...fields,
    ...(name !== undefined && { name }),
    conf_threshold: fields.conf_threshold ?? defaults.confThreshold,
    provider: chooseProvider(providers, fields),
  };
  return {
    image,
    audio,
    ...(backgroundImage && { backgroundImage }),
    options,
    ...(webhook_url !== undefined && { webhook: { url: webhook_url, events: webhook_events } }),
    ...(consent && { consent }),
  };
}
