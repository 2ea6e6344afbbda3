import sharp, { type Sharp } from 'sharp';
import { openImage } from '../../../inference/image/open-image.ts';
import type { Raster } from '../../../inference/image/raster.ts';
import type { FrameSize, Framing } from '../face/framing.ts';
import type { Texture } from './texture.ts';

/** Reads a whole picture as RGB. */
export async function readPhoto(path: string): Promise<Raster> {
  const { data, info } = await openImage(path).raw().toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}

/** Reads a whole mask: one byte per pixel. */
export async function readWholeMask(path: string): Promise<Uint8Array> {
  return firstChannel(sharp(path));
}

/** Reads the framed part of a picture, in the size of the frame, opaque. */
export async function readTexture(path: string, framing: Framing, frame: FrameSize): Promise<Texture> {
  const data = await framed(openImage(path), framing, frame).ensureAlpha().raw().toBuffer();
  return { ...frame, pixels: new Uint32Array(Uint8Array.from(data).buffer) };
}

/** Reads the framed part of a mask, in the size of the frame: one byte per pixel. */
export async function readMask(path: string, framing: Framing, frame: FrameSize): Promise<Uint8Array> {
  return firstChannel(framed(sharp(path), framing, frame));
}

function framed(image: Sharp, { left, top, width, height }: Framing, frame: FrameSize): Sharp {
  return image.extract({ left, top, width, height }).resize(frame.widthPx, frame.heightPx, { fit: 'fill' });
}

function firstChannel(image: Sharp): Promise<Buffer> {
  return image.toColourspace('b-w').extractChannel(0).raw().toBuffer();
}
