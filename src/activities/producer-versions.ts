import type { JobInput } from '../contracts/schemas/job.ts';

/**
 * Who makes what, each as a name that changes whenever what it makes may: model, version, settings. Of one that is absent
 * nothing is cached.
 */
export interface Makers {
  detector?: string;
  matting?: string;
  /** By the provider. */
  videos: Partial<Record<string, string>>;
}

/** Everything that a detection is made of. */
export function detectionFacts(
  { detector }: Makers,
  { photoSha256, confThreshold }: { photoSha256: string | undefined; confThreshold: number },
): object | undefined {
  return detector && photoSha256 ? { detector, photoSha256, confThreshold } : undefined;
}

export function cutoutFacts(
  { matting }: Makers,
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
  { detector, matting, videos }: Makers,
  {
    image,
    audio,
    backgroundImage,
    options,
  }: Pick<JobInput, 'image' | 'audio' | 'backgroundImage' | 'options'>,
): object | undefined {
  const renderer = videos[options.provider];
  // Whoever is to be asked may choose another person this time.
  if (!detector || !matting || !renderer || options.persons === 'ask') {
    return undefined;
  }
  // What is not named here makes another video, or may.
  const { deadline_s, priority, on_outage, cache, retention_days, retry_window_s, ...matters } = options;
  return {
    makers: [detector, matting, renderer],
    image: image.sha256,
    audio: audio.sha256,
    backgroundImage: backgroundImage?.sha256,
    options: matters,
  };
}
