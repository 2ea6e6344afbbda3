import type { BackgroundActivities } from '../../src/activities/background.ts';
import type { CompositionActivities } from '../../src/activities/composition.ts';
import type { CacheActivities } from '../../src/activities/content-cache.ts';
import type { DetectionActivities } from '../../src/activities/detection.ts';
import type { MediaActivities } from '../../src/activities/media.ts';
import type { PreviewActivities } from '../../src/activities/preview.ts';
import type { RecordActivities } from '../../src/activities/records.ts';
import type { RenderActivities } from '../../src/activities/render.ts';
import type { VideoActivities } from '../../src/activities/video.ts';
import type { WebhookActivities } from '../../src/activities/webhooks.ts';
import type { StoredObject } from '../../src/contracts/schemas/job.ts';
import type { JobActivities } from '../../src/workflows/activities.ts';

export type Activities = CacheActivities &
  MediaActivities &
  DetectionActivities &
  BackgroundActivities &
  CompositionActivities &
  RenderActivities &
  VideoActivities &
  RecordActivities &
  PreviewActivities &
  WebhookActivities;

export function toStored(key: string): StoredObject {
  return { key, bytes: 1000, sha256: 'c'.repeat(64) };
}

/**
 * Activities that succeed at once without looking at any picture. A test overrides those that it is about.
 *
 * @param put writes what a job stores. Default: nothing is written.
 */
export function happyActivities(
  put: (key: string) => StoredObject | Promise<StoredObject> = toStored,
): Activities {
  return {
    async prepareMedia(request) {
      return {
        photo: { widthPx: 640, heightPx: 480, format: 'jpeg' },
        voice: { durationS: 11, sampleRateHz: 44_100, channels: 1, format: 'wav', peakDb: -3 },
        warnings: [],
        stored: [await put(request.photoKey), await put(request.voiceKey)],
      };
    },
    async detectPersons() {
      return {
        widthPx: 640,
        heightPx: 480,
        persons: [
          { id: 1, confidence: 0.9, box: [100, 50, 400, 470] },
          { id: 2, confidence: 0.8, box: [400, 50, 600, 470] },
        ],
        timingsMs: {},
      };
    },
    async removeBackground(request) {
      return {
        inputSize: 512,
        coverage: 0.4,
        timingsMs: {},
        mask: await put(request.maskKey),
        cutout: await put(request.cutoutKey),
      };
    },
    async composePortrait(request) {
      return [await put(request.plateKey), await put(request.portraitKey)];
    },
    async checkPortrait() {},
    async renderTalk(request) {
      return { widthPx: 512, heightPx: 512, durationS: 11, warnings: [], video: await put(request.videoKey) };
    },
    async finishVideo(request) {
      return { widthPx: 512, heightPx: 512, durationS: 11, thumbnail: await put(request.thumbnailKey) };
    },
    async findVideo() {
      return { kind: 'off' };
    },
    async findDetection() {
      return null;
    },
    async findCutout() {
      return null;
    },
    async keepDetection() {
      return null;
    },
    async hasCutout() {
      return false;
    },
    async forgetUnused() {},
    async checkFaces({ people }) {
      return people.map((box) => ({ box, warnings: [] }));
    },
    async preparePhoto(request) {
      const photo = { widthPx: 640, heightPx: 480, wholeWidthPx: 640, wholeHeightPx: 480, format: 'jpeg' };
      return { photo, warnings: [], stored: await put(request.photoKey) };
    },
    async drawCutout(request) {
      return put(request.pictureKey);
    },
    async drawFaces({ faces }) {
      return Promise.all(faces.map(({ key }) => put(key)));
    },
    async videoEntry() {
      return null;
    },
    async keepVideo() {
      return null;
    },
    async releaseVideo() {},
    async recordTask() {},
    async amendTask() {},
    async addUsage() {},
    async discard() {},
    async sendWebhook() {
      return { kind: 'delivered', attempt: { at: new Date().toISOString(), status: 200, duration_ms: 1 } };
    },
    // The compiler asks here for each activity that a job calls.
  } satisfies Activities & Record<keyof JobActivities, unknown>;
}

/** Every activity of a job with a local provider. */
export const ACTIVITY_NAMES = Object.keys(happyActivities()) as Array<keyof Activities>;

/** Those that make something, in the order in which a job calls them. */
export const STAGE_ACTIVITIES = [
  'prepareMedia',
  'detectPersons',
  'removeBackground',
  'composePortrait',
  'renderTalk',
  'finishVideo',
] as const satisfies ReadonlyArray<keyof Activities>;
