import type { Config } from '../../config/config.ts';
import type { DecoderInput, DecoderResult } from '../../ports/prepare-media.ts';
import type { SlotPool } from '../../ports/slot-task.ts';
import { createSlotPool } from '../../slots/slot-pool.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** The slots that decode uploads. */
export function createDecoderPool(
  { media, slots }: Pick<Config, 'media' | 'slots'>,
  logger: Logger,
): SlotPool<DecoderInput, DecoderResult> {
  return createSlotPool({
    name: 'media',
    task: new URL('./media-task.ts', import.meta.url),
    config: {},
    slots: media.slots,
    files: {
      reads: ['imagePath', 'audioPath', 'backgroundImagePath'],
      writes: ['photoPath', 'voicePath', 'backgroundPath'],
    },
    access: { mode: slots.confinement },
    scratch: slots.scratch,
    timeoutMs: media.timeoutMs,
    logger,
  });
}
