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
  /** Frames are I420A then, and VP9 takes the place of H.264. */
  hasAlpha?: boolean;
  /** Default: software. */
  acceleration?: Acceleration;
  onPacket(packet: EncodedPacket, meta: EncodedVideoChunkMetadata | undefined): void;
}

export interface FrameEncoder {
  /** Resolves when the encoder can take more; the bytes may be reused then. I420 or I420A, tightly packed. */
  encode(planes: Uint8Array, frame: number, isKey: boolean): Promise<void>;
  flush(): Promise<void>;
  close(): void;
}

/** Levels 4.0: 1080 x 1080 at 25 frames a second and more. */
const H264_HIGH = 'avc1.640028';
const VP9 = 'vp09.00.40.08';
/** The same for every frame: quality is constant, and bits go where something moves. Of 51, and of 63. */
const QUANTIZER = { avc: { quantizer: 22 }, vp9: { quantizer: 34 } };
/** What the planes hold: see `toI420`. */
export const COLOURS = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;
/** FFmpeg puts the number of a Matroska block addition in front of what is added; Mediabunny writes its own. */
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
      // Packets are handed over by the event loop, which a caller that only computes never enters.
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
    // Times of frames, exactly: microseconds would add up to another duration.
    const frame = Math.round((chunk.timestamp / MICROSECONDS) * framesPerS);
    const sideData = alpha && { alpha: new Uint8Array(alpha.subarray(ADDITION_ID_BYTES)) };
    return new EncodedPacket(data, chunk.type, frame / framesPerS, 1 / framesPerS, -1, undefined, sideData);
  }
}
