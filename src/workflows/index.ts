/** The workflows that workers register. The name of an export is the name of the workflow type. */

export { eraseTask } from './erase.ts';
export { generateVideo } from './generate-video/generate-video.ts';
export { retryWindow } from './generate-video/retry-window.ts';
export { keepPreview, previewPhoto } from './preview.ts';
export { providerBreaker } from './remote-talk/provider-breaker.ts';
export { tidyUpRemoteTalk } from './remote-talk/tidy-up.ts';
export { retainStorage } from './retention.ts';
export { selfTest } from './self-test.ts';
export { deliverWebhook } from './webhooks/deliver-webhook.ts';
