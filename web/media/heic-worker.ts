/** Decodes HEIC files with libheif. A worker, because it blocks its thread for a second or more. */
import createLibheif from 'libheif-js/libheif-wasm/libheif.js';
import wasmUrl from 'libheif-js/libheif-wasm/libheif.wasm?url';
import { claimHeic } from '../../src/contracts/heic-brand.ts';

interface HeicImage {
  get_width(): number;
  get_height(): number;
  is_primary(): boolean;
  display(target: ImageData, done: (shown: ImageData | null) => void): void;
}

interface Libheif {
  HeifDecoder: new () => { decode(file: Uint8Array): HeicImage[] };
}

type Load = (options: { wasmBinary: ArrayBuffer }) => Libheif;

self.onmessage = async ({ data }: MessageEvent<Blob>) => {
  self.postMessage(await decode(data).catch(() => undefined));
};

async function decode(file: Blob): Promise<ImageData | undefined> {
  const wasmBinary = await (await fetch(wasmUrl)).arrayBuffer();
  const { HeifDecoder } = (createLibheif as unknown as Load)({ wasmBinary });
  const bytes = new Uint8Array(await file.arrayBuffer());
  claimHeic(bytes);
  const images = new HeifDecoder().decode(bytes);
  const image = images.find((one) => one.is_primary()) ?? images[0];
  if (!image) {
    return undefined;
  }
  const pixels = new ImageData(image.get_width(), image.get_height());
  return await new Promise((resolve) => image.display(pixels, (shown) => resolve(shown ?? undefined)));
}
