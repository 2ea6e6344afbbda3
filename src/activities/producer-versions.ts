import type { JobInput } from '../contracts/schemas/job.ts';

/**
 * One string for each producer of cached results: model, version and settings. It changes whenever the results may change.
 * Results of a producer without one are not cached.
 */
export interface ProducerVersions {
  detector?: string;
  matting?: string;
  /** By the name of the provider. */
  videos: Partial<Record<string, string>>;
}

/** Everything that a detection depends on. `undefined` if it is not cached; the same below. */
export function detectionFacts(
  { detector }: ProducerVersions,
  { photoSha256, confThreshold }: { photoSha256: string | undefined; confThreshold: number },
): object | undefined {
  return detector && photoSha256 ? { detector, photoSha256, confThreshold } : undefined;
}

export function cutoutFacts(
  { matting }: ProducerVersions,
  request: {
    photoSha256: string | undefined;
    person: readonly number[];
    others: readonly (readonly number[])[];
    applySmoothing: boolean;
  },
): object | undefined {
  const { photoSha256, person, others, applySmoothing } = request;
  return matting && photoSha256 ? { matting, photoSha256, person, others, applySmoothing } : undefined;
}

export function videoFacts(
  { detector, matting, videos }: ProducerVersions,
  {
    image,
    audio,
    backgroundImage,
    options,
  }: Pick<JobInput, 'image' | 'audio' | 'backgroundImage' | 'options'>,
): object | undefined {
  const renderer = videos[options.provider];
  // With `persons=ask` the user may choose another person this time.
  if (!detector || !matting || !renderer || options.persons === 'ask') {
    return undefined;
  }
  // Options that do not change the video. All others, and new ones, count.
  const { name, deadline_s, priority, on_outage, cache, retention_days, retry_window_s, ...matters } =
    options;
  return {
    producers: [detector, matting, renderer],
    image: image.sha256,
    audio: audio.sha256,
    backgroundImage: backgroundImage?.sha256,
    options: matters,
  };
}
