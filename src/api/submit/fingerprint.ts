import { createHash } from 'node:crypto';
import type { JobInput } from '../../contracts/job.ts';

/** What makes two submissions the same: their contents and their options as the server understood them. Hex. */
export function toFingerprint(
  job: Pick<JobInput, 'image' | 'audio' | 'backgroundImage' | 'options' | 'owner' | 'webhook'>,
): string {
  const facts = {
    image: job.image.sha256,
    audio: job.audio.sha256,
    backgroundImage: job.backgroundImage?.sha256 ?? null,
    ...(job.owner !== undefined && { owner: job.owner }),
    ...(job.webhook && { webhook: [job.webhook.url, job.webhook.events] }),
    ...job.options,
  };
  const canonical = JSON.stringify(Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(canonical).digest('hex');
}
