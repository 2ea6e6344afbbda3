import { setImmediate } from 'node:timers/promises';
import { type EncodedVideoChunk, VideoEncoder, VideoFrame } from '@napi-rs/webcodecs';
import { EncodedPacket } from 'mediabunny';
import { untilDequeued } from '../codecs/codec-queue.ts';

export type Acceleration = 'prefer-hardware' | 'prefer-software';

export interface FrameEncoderOptions {
  /** Both even: H.264 halves the resolution of colour. */
  widthPx: number;
  heightPx: number;
  framesPerS: number;
  /** If true, frames are I420A and the codec is VP9 instead of H.264. */
  hasAlpha?: boolean;
  /** Default: software. */
  acceleration?: Acceleration;
  onPacket(packet: EncodedPacket, meta: EncodedVideoChunkMetadata | undefined): void;
}

export interface FrameEncoder {
  /**
   * Resolves when the encoder can take more; then the bytes may be reused.
   * @param planes I420 or I420A, tightly packed
   */
  encode(planes: Uint8Array, frame: number, isKey: boolean): Promise<void>;
  flush(): Promise<void>;
  close(): void;
}

/** Level 4.0 covers 1080 x 1080 at 25 frames per second. */
const H264_HIGH = 'avc1.640028';
const VP9 = 'vp09.00.40.08';
/** Constant for every frame, so that quality is constant and bits go to what moves. The maxima are 51 and 63. */
const QUANTIZER = { avc: { quantizer: 22 }, vp9: { quantizer: 34 } };
/** Colour space of the planes: see `toI420`. */
const COLOURS = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;
/** FFmpeg prefixes alpha data with the id of its Matroska block addition; Mediabunny writes that id itself. */
const ADDITION_ID_BYTES = 8;
const MICROSECONDS = 1_000_000;

export function createFrameEncoder({
  widthPx,
  heightPx,
  framesPerS,
  hasAlpha = false,
  acceleration = 'prefer-software',
  onPacket,
}: FrameEncoderOptions): FrameEncoder {
  let failure: Error | undefined;
  const encoder = new VideoEncoder({
    output(chunk, meta) {
      onPacket(toPacket(chunk, meta?.alphaSideData), meta as EncodedVideoChunkMetadata | undefined);
    },
    error(error) {
      failure = error;
    },
  });
  encoder.configure({
    codec: hasAlpha ? VP9 : H264_HIGH,
    width: widthPx,
    height: heightPx,
    framerate: framesPerS,
    bitrateMode: 'quantizer',
    latencyMode: 'quality',
    hardwareAcceleration: acceleration,
    ...(hasAlpha ? { alpha: 'keep' } : { avc: { format: 'avc' } }),
  });

  function throwIfFailed(): void {
    if (failure) {
      throw failure;
    }
  }
  return {
    async encode(planes, frame, isKey) {
      throwIfFailed();
      const picture = new VideoFrame(planes, {
        format: hasAlpha ? 'I420A' : 'I420',
        codedWidth: widthPx,
        codedHeight: heightPx,
        timestamp: Math.round((frame / framesPerS) * MICROSECONDS),
        duration: Math.round(MICROSECONDS / framesPerS),
        colorSpace: COLOURS,
      });
      encoder.encode(picture, { keyFrame: isKey, ...QUANTIZER });
      picture.close();
      await untilDequeued(encoder, () => encoder.encodeQueueSize);
      // Packets arrive through the event loop, which a caller that only computes never enters.
      await setImmediate();
    },
    async flush() {
      await encoder.flush();
      throwIfFailed();
    },
    close() {
      if (encoder.state !== 'closed') {
        encoder.close();
      }
    },
  };

  function toPacket(chunk: EncodedVideoChunk, alpha: Uint8Array | undefined): EncodedPacket {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    // Exact frame times: rounded microseconds would add up to a wrong duration.
    const frame = Math.round((chunk.timestamp / MICROSECONDS) * framesPerS);
    const sideData = alpha && { alpha: new Uint8Array(alpha.subarray(ADDITION_ID_BYTES)) };
    return new EncodedPacket(data, chunk.type, frame / framesPerS, 1 / framesPerS, -1, undefined, sideData);
  }
}
