import { type EncodedVideoChunk, VideoDecoder, VideoFrame } from '@napi-rs/webcodecs';
import { CustomVideoDecoder, type EncodedPacket, VideoSample } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

/**
 * VP9 with alpha for Mediabunny. In WebM the alpha of a frame is a second VP9 stream, and Mediabunny merges the two
 * only in browsers. Here the luma of the second becomes the frame's fourth plane.
 */
export class TransparentDecoder extends CustomVideoDecoder {
  readonly #colours: VideoFrame[] = [];
  /** One per colour frame, in order; undefined if the frame is opaque. */
  readonly #alphas: Array<VideoFrame | undefined> = [];
  #colour: VideoDecoder | undefined;
  #alpha: VideoDecoder | undefined;
  /** Resolves when all frames decoded so far were emitted, in order. */
  #emitted: Promise<void> = Promise.resolve();

  static override supports(codec: string): boolean {
    return codec === 'vp9';
  }

  init(): void {
    this.#colour = this.#open(this.#colours);
  }

  async decode(packet: EncodedPacket): Promise<void> {
    if (packet.sideData.alpha) {
      this.#alpha ??= this.#open(this.#alphas);
      this.#alpha.decode(packet.alphaToEncodedVideoChunk() as unknown as EncodedVideoChunk);
    } else {
      await this.#alpha?.flush();
      this.#alphas.push(undefined);
    }
    this.#colour!.decode(packet.toEncodedVideoChunk() as unknown as EncodedVideoChunk);
    await untilDequeued(this.#colour!, () => this.#colour!.decodeQueueSize);
  }

  async flush(): Promise<void> {
    await Promise.all([this.#colour!.flush(), this.#alpha?.flush()]);
    await this.#emitted;
  }

  close(): void {
    for (const decoder of [this.#colour, this.#alpha]) {
      if (decoder && decoder.state !== 'closed') {
        decoder.close();
      }
    }
    for (const frame of [...this.#colours.splice(0), ...this.#alphas.splice(0)]) {
      frame?.close();
    }
  }

  #open(frames: Array<VideoFrame | undefined>): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => {
        frames.push(frame);
        this.#emit();
      },
      error: this.onError,
    });
    const { codec, codedWidth, codedHeight } = this.config;
    decoder.configure({
      codec,
      ...(codedWidth && { codedWidth }),
      ...(codedHeight && { codedHeight }),
    });
    return decoder;
  }

  #emit(): void {
    while (this.#colours.length > 0 && this.#alphas.length > 0) {
      const colour = this.#colours.shift()!;
      const alpha = this.#alphas.shift();
      this.#emitted = this.#emitted
        .then(() => (alpha ? merge(colour, alpha) : colour))
        .then((frame) => {
          this.onSample(new VideoSample(frame as unknown as globalThis.VideoFrame));
        })
        .catch(this.onError);
    }
  }
}

async function merge(colour: VideoFrame, alpha: VideoFrame): Promise<VideoFrame> {
  const { width, height } = colour.visibleRect!;
  const lumaBytes = width * height;
  const planes = new Uint8Array(2.5 * lumaBytes);
  await colour.copyTo(planes.subarray(0, 1.5 * lumaBytes));
  const alphaPlanes = new Uint8Array(1.5 * lumaBytes);
  await alpha.copyTo(alphaPlanes);
  planes.set(alphaPlanes.subarray(0, lumaBytes), 1.5 * lumaBytes);
  const { timestamp, duration, colorSpace } = colour;
  colour.close();
  alpha.close();
  return new VideoFrame(planes, {
    format: 'I420A',
    codedWidth: width,
    codedHeight: height,
    timestamp,
    ...(duration !== null && { duration }),
    colorSpace: colorSpace.toJSON(),
  });
}
