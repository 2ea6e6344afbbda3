import { setTimeout as sleep } from 'node:timers/promises';
import { getAvailableHardwareAccelerators } from '@napi-rs/webcodecs';
import { ignoreFailure } from '../../errors.ts';
import { type Acceleration, createFrameEncoder, type FrameEncoderOptions } from './frame-encoder.ts';

interface ChosenEncoder {
  acceleration: Acceleration;
  /** Decoder configuration (avcC). The same for every encoder of its kind. */
  description: Uint8Array;
}

type Format = Omit<FrameEncoderOptions, 'onPacket' | 'acceleration'>;
/** Encodes a few frames. Rejects or resolves to undefined if that fails. */
export type Trial = (format: Format, acceleration: Acceleration) => Promise<Uint8Array | undefined>;

/** Some drivers hang. */
const TRIAL_TIMEOUT_MS = 3000;
const TRIAL_FRAMES = 3;

/**
 * Chooses the encoder of a graphics card if there is one and it encodes frames of this format, or the software encoder.
 * Tries it each time, because drivers claim support that they do not have.
 */
export async function chooseEncoder(
  format: Format,
  {
    accelerators = getAvailableHardwareAccelerators(),
    trial = encodeGrey,
    trialTimeoutMs = TRIAL_TIMEOUT_MS,
  }: { accelerators?: string[]; trial?: Trial; trialTimeoutMs?: number } = {},
): Promise<ChosenEncoder> {
  if (accelerators.length > 0) {
    const tried = ignoreFailure(trial(format, 'prefer-hardware'), 'software encodes instead');
    const description = await Promise.race([tried, sleep(trialTimeoutMs, undefined, { ref: false })]);
    if (description) {
      return { acceleration: 'prefer-hardware', description };
    }
  }
  const description = await trial(format, 'prefer-software');
  if (!description) {
    throw new Error(
      `The H.264 encoder returned no keyframe of ${format.widthPx} x ${format.heightPx} pixels.`,
    );
  }
  return { acceleration: 'prefer-software', description };
}

async function encodeGrey(format: Format, acceleration: Acceleration): Promise<Uint8Array | undefined> {
  let description: Uint8Array | undefined;
  const encoder = createFrameEncoder({
    ...format,
    acceleration,
    onPacket(packet, meta) {
      if (packet.type === 'key' && packet.data.length > 0 && meta?.decoderConfig?.description) {
        description = new Uint8Array(meta.decoderConfig.description as Uint8Array);
      }
    },
  });
  try {
    const grey = new Uint8Array(format.widthPx * format.heightPx * 1.5).fill(128);
    for (let frame = 0; frame < TRIAL_FRAMES; frame += 1) {
      await encoder.encode(grey, frame, frame === 0);
    }
    await encoder.flush();
    return description;
  } finally {
    encoder.close();
  }
}
