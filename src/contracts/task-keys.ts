import type { VideoFormat } from './video-format.ts';

/** Where the objects of a task are stored. The workflow chooses every key, so every undo can name what it deletes. */
export const TIERS = ['uploads', 'processed', 'videos', 'temp'] as const;
export type Tier = (typeof TIERS)[number];

export function taskPrefix(tier: Tier, taskId: string): string {
  return `${tier}/${taskId}/`;
}

export function taskKeys(taskId: string, videoFormat: VideoFormat = 'mp4') {
  const processed = taskPrefix('processed', taskId);
  const videos = taskPrefix('videos', taskId);
  return {
    /** Upright sRGB, 8 bits, no alpha, PNG. */
    photo: `${processed}photo.png`,
    /** The same, turned so that faces are upright. Only if they are not in the photo. */
    turned: `${processed}photo-turned.png`,
    /** 16-bit PCM WAV, one or two channels. */
    voice: `${processed}voice.wav`,
    /** The client's background picture, in the format of the photo. Only if there is one. */
    backdrop: `${processed}backdrop.png`,
    /** One channel, the size of the photo. */
    mask: `${processed}mask.png`,
    /** The person with alpha, the size of the photo. */
    cutout: `${processed}cutout.png`,
    /** The background alone, the size of the photo. */
    plate: `${processed}plate.png`,
    /** The person in front of the background: the picture that a provider animates. */
    portrait: `${processed}portrait.png`,
    /** A prefix: the parts of a video that the built-in renderer is making. */
    parts: `${taskPrefix('temp', taskId)}parts/`,
    video: `${videos}video.${videoFormat}`,
    thumbnail: `${videos}thumbnail.jpg`,
    metadata: `${videos}metadata.json`,
    /** The name that was given to the task later. Not in the record, which only the job writes. */
    name: `${videos}name.json`,
  };
}

const RECORD_KEY = /^videos\/([^/]+)\/metadata\.json$/;

/** The task of a record, by its key. `undefined` for any other key. */
export function taskIdOfRecord(key: string): string | undefined {
  return RECORD_KEY.exec(key)?.[1];
}

/** Uploads have their hash in the name, so a second submission under the same task id cannot overwrite the first. */
export function uploadKey(taskId: string, field: string, sha256: string): string {
  return `${taskPrefix('uploads', taskId)}${field}-${sha256.slice(0, 16)}`;
}

/** No name of an API key begins with an underscore. */
const NO_OWNER = '_';

/**
 * Where the objects of a photo's preview are stored, for an hour. The owner is part of every key, so no other API key can
 * name them.
 * @param owner name of the API key that asked for it
 */
export function previewKeys(previewId: string, owner?: string) {
  const prefix = `temp/previews/${owner ?? NO_OWNER}/${previewId}/`;
  const file = (folder: string) => ({
    photo: `${prefix}${folder}/photo.png`,
    turned: `${prefix}${folder}/turned.png`,
    mask: `${prefix}${folder}/mask.png`,
    cutout: `${prefix}${folder}/cutout.png`,
  });
  return {
    prefix,
    upload: `${prefix}upload`,
    /** Of the size that previews are made in. */
    small: file('small'),
    /** Of the size that tasks work in. */
    whole: file('whole'),
    /** What clients read: the person with alpha, and the face of each person. */
    cutout: `${prefix}cutout.webp`,
    face: (person: number) => `${prefix}face-${person}.webp`,
  };
}
