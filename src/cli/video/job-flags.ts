import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CONSENT_TEXTS, type ConsentTextId } from '../../contracts/consent.ts';
import { OUTAGE_CHOICES } from '../../contracts/job.ts';
import type { JobOptions } from '../../contracts/schemas/job-options.ts';
import {
  MAX_LONG_SIDE_PX,
  MIN_LONG_SIDE_PX,
  type VideoFormat,
  videoFormatOf,
} from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';
import { PROVIDERS } from '../../providers/registry.ts';

/** Job options as flags. The server chooses the ones that are not given. */
export interface JobFlags {
  name?: string;
  person?: string;
  background?: string;
  longSide?: string;
  provider?: string;
  onOutage?: string;
  confidence?: string;
  smoothing: boolean;
  deadline?: string;
  priority?: string;
  retryWindow?: string;
  consent?: boolean;
}

const CONSENT: ConsentTextId = 'en-1';

const FIELD_OF: Record<keyof JobFlags, keyof JobOptions | 'consent'> = {
  name: 'name',
  person: 'persons',
  background: 'background',
  longSide: 'long_side_px',
  provider: 'provider',
  onOutage: 'on_outage',
  confidence: 'conf_threshold',
  smoothing: 'apply_smoothing',
  deadline: 'deadline_s',
  priority: 'priority',
  retryWindow: 'retry_window_s',
  consent: 'consent',
};

export function addJobOptions(command: Command): Command {
  return command
    .option(
      '--person <number>',
      'number of the person who speaks, best match first; ask lists the people found and asks',
      toPerson,
    )
    .option(
      '--background <value>',
      'original, blur, transparent, a colour such as #e8e8ea, or the path of a picture',
    )
    .option('--long-side <px>', 'pixels on the long side of the video, 512 to 1080', toLongSide)
    .addOption(
      new Option('--provider <name>', 'renderer of the video').choices([
        'auto',
        ...PROVIDERS.map(({ name }) => name),
      ]),
    )
    .addOption(
      new Option('--on-outage <action>', 'if the provider is down or has no credits').choices(OUTAGE_CHOICES),
    )
    .option('--name <name>', 'what to call the task; default: the file name of the photo')
    .option('--confidence <0-1>', 'minimum confidence of a detected person', toShare)
    .option('--no-smoothing', 'do not smooth the edge of the person')
    .option('--deadline <seconds>', 'fail the task after this time')
    .option('--priority <1-5>', '1 runs first', toPriority)
    .option('--retry-window <seconds>', 'keep what a retry needs for this time after a failure')
    .option('--consent', `declare: ${CONSENT_TEXTS[CONSENT]} A server may require it`);
}

/** @returns the fields of the submission under their API names, and the background picture. */
export function toJobFields(flags: JobFlags): { fields: Record<string, string>; backgroundPath?: string } {
  const backgroundPath = toBackgroundPath(flags.background);
  const values = {
    ...flags,
    background: backgroundPath === undefined ? flags.background : 'image',
    smoothing: flags.smoothing ? undefined : 'false',
    consent: flags.consent ? CONSENT : undefined,
  };
  return {
    fields: Object.fromEntries(
      Object.entries(FIELD_OF).flatMap(([flag, field]) => {
        const value = values[flag as keyof JobFlags];
        return value === undefined ? [] : [[field, value]];
      }),
    ),
    ...(backgroundPath !== undefined && { backgroundPath }),
  };
}

/** @throws PipelineError INPUT_INVALID if the extension of --out does not fit the format of the video. */
export function formatOf({ out, ...flags }: JobFlags & { out?: string }): VideoFormat {
  const format = videoFormatOf(flags);
  if (format === 'webm' && out !== undefined && /\.(mp4|mov)$/i.test(out)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `A transparent video is a WebM file: end --out in .webm, not ${out}.`,
    );
  }
  return format;
}

const KEYWORD = /^(original|blur|transparent|#[0-9a-fA-F]{6})$/;

function toBackgroundPath(background: string | undefined): string | undefined {
  if (background === undefined || KEYWORD.test(background)) {
    return undefined;
  }
  if (!existsSync(background)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected original, blur, transparent, a colour such as #e8e8ea or the path of a picture for --background, but received ${background}.`,
    );
  }
  return background;
}

function toShare(text: string): string {
  if (text.trim() === '' || !(Number(text) >= 0 && Number(text) <= 1)) {
    throw new InvalidArgumentError('Expected a number from 0 to 1.');
  }
  return text;
}

function toLongSide(text: string): string {
  const px = Number(text);
  if (!Number.isInteger(px) || px < MIN_LONG_SIDE_PX || px > MAX_LONG_SIDE_PX) {
    throw new InvalidArgumentError(`Expected a number from ${MIN_LONG_SIDE_PX} to ${MAX_LONG_SIDE_PX}.`);
  }
  return text;
}

function toPriority(text: string): string {
  if (!/^[1-5]$/.test(text)) {
    throw new InvalidArgumentError('Expected a number from 1 (first) to 5 (last).');
  }
  return text;
}

function toPerson(text: string): string {
  if (!/^([1-9]\d*|auto|ask)$/.test(text)) {
    throw new InvalidArgumentError('Expected a number from 1, auto or ask.');
  }
  return text;
}
