import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLimelightClient } from '../../../src/client/limelight-client.ts';

export interface OutageReport {
  /** The stage of each wait for the storage. */
  waits: string[];
  /** Status of `/health/ready` during each wait. */
  ready: number[];
  /** How the job ended. */
  ended: string;
}

interface Outages {
  apiUrl: string;
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
}

const SAMPLES = join(import.meta.dirname, '../../../samples');

/**
 * Runs a job, and takes the store away again and again: each outage lasts until the job says that it waits, and the next one
 * begins with its next stage. So the job meets the outage in one stage after the other.
 */
export async function followJob({ apiUrl, takeAway, bringBack }: Outages): Promise<OutageReport> {
  const client = createLimelightClient({ baseUrl: apiUrl });
  const report: OutageReport = { waits: [], ready: [], ended: '' };
  const [image, audio] = await Promise.all(
    ['portrait.jpg', 'voice.wav'].map(async (name) => new Blob([await readFile(join(SAMPLES, name))])),
  );
  const { task_id } = await client.submit({ image: image!, audio: audio! });
  let isAway = true;
  await takeAway();
  for await (const { event_type, data } of client.events(task_id, { signal: AbortSignal.timeout(400_000) })) {
    if (event_type !== 'stage_update') continue;
    report.ended = data.stage === 'FAILED' ? `${data.stage}: ${data.message}` : data.stage;
    if (data.details?.waiting_for !== 'storage') {
      if (!isAway) await takeAway();
      isAway = true;
    } else if (isAway) {
      report.waits.push(data.stage);
      report.ready.push((await fetch(`${apiUrl}/health/ready`)).status);
      isAway = false;
      await bringBack();
    }
  }
  if (isAway) await bringBack();
  return report;
}
