/**
 * Decodes a HEIC photo for browsers that cannot, with libheif (0.5 MB, loaded when first needed). Undefined if it can't be
 * decoded: the server makes the final decision.
 */
export async function decodeHeic(file: Blob): Promise<ImageBitmap | undefined> {
  // Ended after each photo, because the memory of WebAssembly never shrinks.
  const worker = new Worker(new URL('./heic-worker.ts', import.meta.url), { type: 'module' });
  try {
    const pixels = await new Promise<ImageData | undefined>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<ImageData | undefined>) => resolve(data);
      worker.onerror = () => resolve(undefined);
      worker.postMessage(file);
    });
    return pixels && (await createImageBitmap(pixels));
  } finally {
    worker.terminate();
  }
}
