import type { StoredObject } from '../../contracts/schemas/job.ts';
import type { Job } from './job.ts';

interface PreparedMedia {
  photo: StoredObject;
  /** Length of the voice. */
  voiceS: number;
  /** What people should know about the recording, as sentences. */
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
    const { photo, voice, stored } = await activities.prepareMedia({
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
      { photo, voice },
    );
    return { photo: stored[0]!, voiceS: voice.durationS, warnings: warningsOf(voice) };
  });
}

function warningsOf({ hasSpeech, gainDb }: { hasSpeech: boolean; gainDb: number }): string[] {
  return [
    ...(hasSpeech
      ? []
      : [
          'No speech was heard in the recording, so the mouth stays still. Check the microphone, or send a recording of a voice.',
        ]),
    ...(gainDb > 0
      ? [
          `The voice was very quiet and was raised by ${gainDb.toFixed(0)} dB. Speak closer to the microphone.`,
        ]
      : []),
  ];
}
