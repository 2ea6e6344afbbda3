import type { Config } from '../config.ts';
import { createSlotPool } from '../inference/slot-pool.ts';
import type { SlotPool } from '../inference/slot-task.ts';
import type { PrepareMediaInput, PrepareMediaResult } from '../inference/tasks.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The slots that open what strangers uploaded. */
export function createDecoderPool(
  { media }: Pick<Config, 'media'>,
  logger: Logger,
): SlotPool<PrepareMediaInput, PrepareMediaResult> {
  return createSlotPool({
    name: 'media',
    task: new URL('./media-task.ts', import.meta.url),
    config: {},
    slots: media.slots,
    timeoutMs: media.timeoutMs,
    logger,
  });
}
