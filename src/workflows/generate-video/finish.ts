import type { Fallback } from '../../contracts/schemas/job-outcome.ts';
import type { MadeVideo } from '../../contracts/schemas/messages.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import { VIDEO_TYPES, videoFormatOf } from '../../contracts/video-format.ts';
import { describeTurn, type People } from './detect.ts';
import type { Job } from './job.ts';
import type { Talk } from './make-talk.ts';
import type { Cutout } from './remove-background.ts';
import { keepVideo } from './reuse.ts';

interface Steps {
  /** About the uploads. */
  warnings: string[];
  people: People;
  cutout: Cutout;
  talk: Talk;
}

/** Checks that the video plays, makes its thumbnail, and collects the facts about it. */
export async function finish(job: Job, { warnings, people, cutout, talk }: Steps): Promise<MadeVideo> {
  const { input, keys, activities, progress, record } = job;
  progress.enter('FINALIZING', 'Checking that the video plays, and storing it');
  const finished = await activities.finishVideo({
    videoKey: keys.video,
    thumbnailKey: keys.thumbnail,
    partsPrefix: keys.parts,
  });
  record.addObjects(finished.thumbnail);
  const cached: RunningStage[] = [];
  if (people.isFromCache) {
    cached.push('DETECTION_RUNNING');
  }
  if (cutout.isFromCache) {
    cached.push('BACKGROUND_REMOVAL_RUNNING');
  }
  const video: MadeVideo = {
    person_detection: {
      total_persons: people.all.length,
      selected_person_id: people.selected.id,
      confidence: people.selected.confidence,
      persons: people.all,
      ...(people.turnedDegrees && { turned_degrees: people.turnedDegrees }),
      ...fallbacksOf(people),
    },
    background_removal: { input_size: cutout.inputSize, ...fallbacksOf(cutout) },
    provider: { name: talk.provider, degraded: talk.isDegraded },
    video: {
      width_px: finished.widthPx,
      height_px: finished.heightPx,
      duration_s: finished.durationS,
      bytes: talk.video.bytes,
      sha256: talk.video.sha256,
      content_type: VIDEO_TYPES[videoFormatOf(input.options)],
    },
    cached,
    warnings: [
      ...warnings,
      ...(people.turnedDegrees ? [`${describeTurn(people.turnedDegrees)}.`] : []),
      ...talk.warnings,
    ],
  };
  await keepVideo(job, video);
  return video;
}

function fallbacksOf({ fallbacks }: { fallbacks?: Fallback[] }) {
  return fallbacks ? { fallbacks } : {};
}
