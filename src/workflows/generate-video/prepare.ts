import type { StoredObject } from '../../contracts/schemas/job.ts';
import type { Job } from './job.ts';

interface PreparedMedia {
  photo: StoredObject;
  /** Length of the voice. */
  voiceS: number;
  /** What the user should know about the files, as sentences. */
  warnings: string[];
}

/** Checks photo and voice, and stores both in the one form that all stages read. */
export function prepare({
  input,
  keys,
  activities,
  completed,
  progress,
  record,
}: Job): Promise<PreparedMedia> {
  return completed.once('upload', async () => {
    const { photo, voice, stored, warnings } = await activities.prepareMedia({
      imageKey: input.image.key,
      audioKey: input.audio.key,
      ...(input.backgroundImage && { backgroundImageKey: input.backgroundImage.key }),
      photoKey: keys.photo,
      voiceKey: keys.voice,
      backdropKey: keys.backdrop,
    });
    record.addObjects(...stored);
    progress.enter(
      'UPLOAD_COMPLETE',
      `Photo (${photo.widthPx} x ${photo.heightPx} pixels) and voice (${voice.durationS.toFixed(1)} s) are valid`,
      { photo, voice, warnings },
    );
    return { photo: stored[0]!, voiceS: voice.durationS, warnings };
  });
}
