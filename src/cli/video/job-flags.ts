import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { OUTAGE_CHOICES, PROVIDERS } from '../../contracts/job.ts';
import { type VideoFormat, videoFormatOf } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';

/** The options of a job, as flags; what is not given is the server's to choose. */
export interface JobFlags {
  person?: string;
  background?: string;
  provider?: string;
  onOutage?: string;
  confidence?: string;
  smoothing: boolean;
  deadline?: string;
  priority?: string;
}

export function addJobOptions(command: Command): Command {
  return command
    .option('--person <number>', 'which person, best first; ask shows who was found and asks', toPerson)
    .option(
      '--background <what>',
      'original, blur, transparent, a colour such as #e8e8ea, or the path of a picture',
    )
    .addOption(new Option('--provider <name>', 'who makes the video').choices(['auto', ...PROVIDERS]))
    .addOption(
      new Option('--on-outage <what>', 'while D-ID does not answer or has no credits').choices(
        OUTAGE_CHOICES,
      ),
    )
    .option('--confidence <0-1>', 'detections below it are no persons', toShare)
    .option('--no-smoothing', 'leave the edge of the person as it was found')
    .option('--deadline <seconds>', 'when to give up')
    .option('--priority <1-5>', '1 is first', toPriority);
}

/** @returns the fields of the submission as the API names them, and the picture that goes with them. */
export function toJobFields(flags: JobFlags): { fields: Record<string, string>; backgroundPath?: string } {
  const backgroundPath = toBackgroundPath(flags.background);
  const fields = {
    persons: flags.person,
    background: backgroundPath === undefined ? flags.background : 'image',
    provider: flags.provider,
    on_outage: flags.onOutage,
    conf_threshold: flags.confidence,
    apply_smoothing: flags.smoothing ? undefined : 'false',
    deadline_s: flags.deadline,
    priority: flags.priority,
  };
  return {
    fields: Object.fromEntries(
      Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    ...(backgroundPath !== undefined && { backgroundPath }),
  };
}

/** @throws PipelineError INPUT_INVALID where the video cannot be what the name of its file says. */
export function formatOf({ out, ...flags }: JobFlags & { out?: string }): VideoFormat {
  const format = videoFormatOf(flags);
  if (format === 'webm' && out !== undefined && /\.(mp4|mov)$/i.test(out)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `A video that is transparent is a WebM: let --out end in .webm, not ${out}.`,
    );
  }
  return format;
}

const WORDS = /^(original|blur|transparent|#[0-9a-fA-F]{6})$/;

function toBackgroundPath(background: string | undefined): string | undefined {
  if (background === undefined || WORDS.test(background)) {
    return undefined;
  }
  if (!existsSync(background)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected original, blur, transparent, a colour such as #e8e8ea or the path of a picture for --background, but got ${background}.`,
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
