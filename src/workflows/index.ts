/** Everything that workers register: the name of an export is the name of the workflow type. */
export { providerBreaker } from './d-id/provider-breaker.ts';
export { tidyUpRemoteTalk } from './d-id/remains.ts';
export { eraseTask } from './erase-task.ts';
export { generateVideo } from './generate-video.ts';
export { retainStorage } from './retention.ts';
export { retryWindow } from './retry-window.ts';
export { selfTest } from './self-test.ts';
export { deliverWebhook } from './webhooks/deliver-webhook.ts';
