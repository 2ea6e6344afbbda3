import { setImmediate } from 'node:timers/promises';
import { type EncodedVideoChunk, VideoEncoder, VideoFrame } from '@napi-rs/webcodecs';
import { EncodedPacket } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

export interface FrameEncoderOptions {
  /** Both even: H.264 halves the resolution of colour. */
  widthPx: number;
  heightPx: number;
  framesPerS: number;
  onPacket(packet: EncodedPacket, meta: EncodedVideoChunkMetadata | undefined): void;
}

export interface FrameEncoder {
  /** Resolves when the encoder can take more; the bytes may be reused then. I420, tightly packed. */
  encode(i420: Uint8Array, frame: number, isKey: boolean): Promise<void>;
  flush(): Promise<void>;
  close(): void;
}

/** H.264 High at level 4.0: 1080 x 1080 at 25 frames a second and more. */
const CODEC = 'avc1.640028';
/** Of 51, the same for every frame: quality is constant, and bits go where something moves. */
const QUANTIZER = 22;
/** What the planes hold: see `toI420`. */
export const COLOURS = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;
const MICROSECONDS = 1_000_000;

export function createFrameEncoder({
  widthPx,
  heightPx,
  framesPerS,
  onPacket,
}: FrameEncoderOptions): FrameEncoder {
  let failure: Error | undefined;
  const encoder = new VideoEncoder({
    output(chunk, meta) {
      onPacket(toPacket(chunk), meta as EncodedVideoChunkMetadata | undefined);
    },
    error(error) {
      failure = error;
    },
  });
  encoder.configure({
    codec: CODEC,
    width: widthPx,
    height: heightPx,
    framerate: framesPerS,
    bitrateMode: 'quantizer',
    latencyMode: 'quality',
    avc: { format: 'avc' },
  });

  function throwIfFailed(): void {
    if (failure) {
      throw failure;
    }
  }
  return {
    async encode(i420, frame, isKey) {
      throwIfFailed();
      const picture = new VideoFrame(i420, {
        format: 'I420',
        codedWidth: widthPx,
        codedHeight: heightPx,
        timestamp: Math.round((frame / framesPerS) * MICROSECONDS),
        duration: Math.round(MICROSECONDS / framesPerS),
        colorSpace: COLOURS,
      });
      encoder.encode(picture, { keyFrame: isKey, avc: { quantizer: QUANTIZER } });
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

  function toPacket(chunk: EncodedVideoChunk): EncodedPacket {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    // Times of frames, exactly: microseconds would add up to another duration.
    const frame = Math.round((chunk.timestamp / MICROSECONDS) * framesPerS);
    return new EncodedPacket(data, chunk.type, frame / framesPerS, 1 / framesPerS);
  }
}
