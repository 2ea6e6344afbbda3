import { clamp } from '../../../clamp.ts';
import { gauss, smoothstep } from '../curves.ts';
import type { Colour } from '../face/face-colours.ts';
import { luma } from '../face/face-colours.ts';
import { blue, green, pack, red, type Texture } from '../picture/texture.ts';
import { samplePacked } from '../warp/sample-texture.ts';
import { type EyeFrame, fromEye, toEye } from './eye-frame.ts';
import { LID_REACH, type LidSkin } from './lid-skin.ts';

/** The area around one eye with its lid at several heights, as pixels to paste into the person's texture. */
interface LidPatch {
  left: number;
  top: number;
  width: number;
  height: number;
  /** From open (the photo) to closed. */
  levels: Uint32Array[];
}

export const LID_LEVELS = 8;
/** Distance above the lid at which the skin starts to slide, as a share of the eye's width. */
const SLIDE_FROM = 0.27;
/** Where the lids meet, as a share of the way to the lower lid. Above 1, so that the eyeball does not show below. */
const MEET = 1.04;
/** Extra way, as a share of the eye's width, because landmarks of lower lids tend to be high. */
const MARGIN = 0.035;
const FILL = 0.94;
const DETAIL = 0.3;

/**
 * The upper lid slides down over an eye that does not move, because a warp would squash the iris. The skin above is
 * stretched down to the edge, filled with the lid's colour, and ends in a line of lashes.
 */
export function createLidPatch(eye: EyeFrame, person: Texture, lidSkin: LidSkin): LidPatch {
  const area = areaOf(eye, person);
  const lash = darkestInside(eye, person);
  const drawLevel = (closed: number) => {
    const pixels = new Uint32Array(area.width * area.height);
    for (let i = 0; i < pixels.length; i += 1) {
      const [px, py] = [area.left + (i % area.width), area.top + Math.floor(i / area.width)];
      const own = person.pixels[py * person.widthPx + px]!;
      pixels[i] = own >>> 24 === 255 ? lidPixel(eye, person, lidSkin, lash, closed, px, py, own) : own;
    }
    return pixels;
  };
  return {
    ...area,
    levels: Array.from({ length: LID_LEVELS + 1 }, (_, level) => drawLevel(level / LID_LEVELS)),
  };
}

/** Copies the level's pixels into the texture. */
export function pasteLid(
  { left, top, width, height, levels }: LidPatch,
  level: number,
  target: Texture,
): void {
  for (let row = 0; row < height; row += 1) {
    const line = levels[level]!.subarray(row * width, (row + 1) * width);
    target.pixels.set(line, (top + row) * target.widthPx + left);
  }
}

function lidPixel(
  eye: EyeFrame,
  person: Texture,
  lidSkin: LidSkin,
  lash: Colour,
  closed: number,
  px: number,
  py: number,
  own: number,
): number {
  const { x, y } = toEye(eye, { x: px, y: py });
  const { width } = eye;
  const shut = closed * (1 - smoothstep(0.46, LID_REACH, Math.abs(x) / width));
  const up = eye.upperLid(x);
  const edge = up + shut * (MEET * Math.max(0, eye.lowerLid(x) - up) + MARGIN * width);
  const top = up - Math.min(SLIDE_FROM * width, 0.6 * Math.max(1, up - eye.brow(x)));
  if (shut === 0 || y < top || y > edge + 0.1 * width) {
    return own;
  }
  const share = clamp((y - top) / (edge - top), 0, 1);
  const stretched = sampleAt(person, fromEye(eye, x, top + share * (up - top)));
  const cover = smoothstep(edge + 0.6, edge - 0.6, y);
  const fill = FILL * smoothstep(0, 0.2, share) * smoothstep(0, 0.5, shut);
  const line =
    0.75 * smoothstep(0.05, 0.4, shut) * gauss((y - edge + 0.02 * width) / (0.03 * width * Math.SQRT2));
  const channels = [red, green, blue].map((channelOf, channel) => {
    const skin = lidSkin(x, share, channel);
    const detail = DETAIL * clamp(channelOf(stretched) - skin, -15, 15);
    const lid = channelOf(stretched) * (1 - fill) + (skin + detail) * fill;
    const covered = channelOf(own) * (1 - cover) + lid * cover;
    return covered * (1 - line) + (0.75 * lash[channel]! + 0.25 * skin) * line;
  });
  return pack(channels[0]! + 0.5, channels[1]! + 0.5, channels[2]! + 0.5);
}

function areaOf(eye: EyeFrame, { widthPx, heightPx }: Texture) {
  const reach = LID_REACH * eye.width;
  const xs = [-reach, 0, reach];
  const corners = xs.flatMap((x) => [
    fromEye(eye, x, eye.upperLid(x) - SLIDE_FROM * eye.width),
    fromEye(eye, x, eye.lowerLid(x) + 0.12 * eye.width),
  ]);
  const left = clamp(Math.floor(Math.min(...corners.map(({ x }) => x))) - 1, 0, widthPx);
  const top = clamp(Math.floor(Math.min(...corners.map(({ y }) => y))) - 1, 0, heightPx);
  const right = clamp(Math.ceil(Math.max(...corners.map(({ x }) => x))) + 1, 0, widthPx);
  const bottom = clamp(Math.ceil(Math.max(...corners.map(({ y }) => y))) + 1, 0, heightPx);
  return { left, top, width: right - left, height: bottom - top };
}

/** Mean of the darkest twelfth inside the eye: lashes and pupil. */
function darkestInside(eye: EyeFrame, person: Texture): Colour {
  const colours: Colour[] = [];
  for (let x = -eye.width / 2; x < eye.width / 2; x += 1) {
    for (let y = eye.upperLid(x) - 1; y < eye.lowerLid(x); y += 1) {
      const pixel = sampleAt(person, fromEye(eye, x, y));
      colours.push([red(pixel), green(pixel), blue(pixel)]);
    }
  }
  const darkest = colours.sort((a, b) => luma(a) - luma(b)).slice(0, Math.max(1, colours.length / 12));
  const mean = (channel: number) =>
    darkest.reduce((sum, colour) => sum + colour[channel]!, 0) / Math.max(1, darkest.length);
  return [mean(0), mean(1), mean(2)];
}

function sampleAt({ widthPx, heightPx, pixels }: Texture, point: { x: number; y: number }): number {
  const x = clamp(point.x, 0, widthPx - 1.01);
  const y = clamp(point.y, 0, heightPx - 1.01);
  const at = Math.floor(y) * widthPx + Math.floor(x);
  return samplePacked(pixels, widthPx, at, ((x % 1) * 256) | 0, ((y % 1) * 256) | 0);
}
