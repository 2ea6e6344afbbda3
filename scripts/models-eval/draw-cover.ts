import sharp from 'sharp';
import type { CoverKind } from '../../src/contracts/face-refusals.ts';

/** 468 landmarks: outer corners of the eyes, and the lips in the middle. */
const [LEFT_EYE, RIGHT_EYE, UPPER_LIP, LOWER_LIP] = [33, 263, 13, 14];

interface Cover {
  kind: CoverKind;
  /** SVG. The origin is between the lips, one unit is the distance of the eyes, and y goes down the face. */
  svg: string;
}

const finger = (x: number, tip: number) =>
  `<path d="M${x - 0.09} 1.5V${tip}a.09 .1 0 0 1 .18 0V1.5Z" fill="url(#skin)"/>` +
  `<path d="M${x - 0.05} ${tip + 0.04}v-.06a.05 .05 0 0 1 .1 0v.06Z" fill="#e8bda4"/>` +
  `<path d="M${x - 0.06} ${tip + 0.3}h.12M${x - 0.06} ${tip + 0.34}h.12" stroke="#8d5f48" stroke-width=".012"/>`;

/** Simple drawings, independent of those that the starter was trained on. */
export const COVERS = {
  'surgical mask': {
    kind: 'mask',
    svg:
      '<path d="M-.62-.34Q0-.62 .62-.34L.56 .5Q.3 .86 0 .88T-.56 .5Z" fill="url(#fabric)"/>' +
      '<path d="M-.6-.1Q0-.2 .6-.1M-.59 .12Q0 .06 .59 .12M-.57 .34Q0 .36 .57 .34" stroke="#7fa3bd" stroke-width=".02" fill="none"/>' +
      '<path d="M-.6-.3L-.85-.5M.6-.3L.85-.5M-.55 .45L-.85-.1M.55 .45L.85-.1" stroke="#eee" stroke-width=".025"/>',
  },
  'black mask': {
    kind: 'mask',
    svg: '<path d="M-.66-.28Q-.3-.38 0-.5Q.3-.38 .66-.28L.52 .56Q.25 .9 0 .94T-.52 .56Z" fill="#202124"/><path d="M0-.5Q.05 .2 0 .94" stroke="#34363b" stroke-width=".02" fill="none"/>',
  },
  scarf: {
    kind: 'mask',
    svg:
      '<path d="M-1.6-.05Q0-.42 1.6-.05V3H-1.6Z" fill="#8a2f2f"/>' +
      '<path d="M-1.6 .2Q0-.12 1.6 .2M-1.6 .5Q0 .2 1.6 .5M-1.6 .9Q0 .5 1.6 .9" stroke="#5f1d1f" stroke-width=".06" fill="none"/>',
  },
  hand: {
    kind: 'hand',
    svg: [-0.29, 0.29, -0.1, 0.1].map((x, i) => finger(x, [-0.12, -0.08, -0.25, -0.22][i]!)).join(''),
  },
  microphone: {
    kind: 'object',
    svg:
      '<path d="M-.09 .2h.18l.06 2.4h-.3Z" fill="#3a3b3f"/><ellipse cy=".05" rx=".3" ry=".33" fill="url(#ball)"/>' +
      '<path d="M-.3 .05h.6M-.28-.1h.56M-.28 .2h.56M0-.28v.66M-.14-.25v.6M.14-.25v.6" stroke="#111" stroke-width=".012"/>',
  },
  cup: {
    kind: 'object',
    svg: '<path d="M-.42-.12h.84l-.1 1.05q-.32 .1-.64 0Z" fill="#efece4"/><ellipse cy="-.12" rx=".42" ry=".09" fill="#cfc9bb"/><path d="M.4 .1q.3 .05 .22 .35t-.3 .25" fill="none" stroke="#efece4" stroke-width=".07"/>',
  },
} as const satisfies Record<string, Cover>;
export type CoverName = keyof typeof COVERS;

const PAINTS =
  '<linearGradient id="skin"><stop stop-color="#9c6a50"/><stop offset=".5" stop-color="#d9a68a"/><stop offset="1" stop-color="#a87358"/></linearGradient>' +
  '<linearGradient id="fabric" x2="0" y2="1"><stop stop-color="#b9d6e8"/><stop offset="1" stop-color="#8fb6d0"/></linearGradient>' +
  '<radialGradient id="ball" cx=".35" cy=".3"><stop stop-color="#9a9ca3"/><stop offset="1" stop-color="#232428"/></radialGradient>';

/**
 * Draws a cover over the mouth of a face.
 * @param picture path or bytes
 * @param points 468 landmarks, x, y and z in pixels of the picture
 * @param at where the cover's origin is, from the lips, in distances of the eyes. Default: over the lips.
 * @returns a PNG
 */
export async function drawCover(
  picture: string | Uint8Array,
  points: Float32Array,
  name: CoverName,
  at: readonly [x: number, y: number] = [0, 0],
): Promise<Buffer> {
  const place = (index: number) => [points[3 * index]!, points[3 * index + 1]!] as const;
  const [left, right, upper, lower] = [LEFT_EYE, RIGHT_EYE, UPPER_LIP, LOWER_LIP].map(place);
  const across = [right![0] - left![0], right![1] - left![1]] as const;
  const x = (upper![0] + lower![0]) / 2 + at[0] * across[0] - at[1] * across[1];
  const y = (upper![1] + lower![1]) / 2 + at[0] * across[1] + at[1] * across[0];
  const upright = await sharp(picture).autoOrient().toBuffer({ resolveWithObject: true });
  const { width, height } = upright.info;
  const matrix = [across[0], across[1], -across[1], across[0], x, y].join(' ');
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>${PAINTS}</defs>` +
    `<g transform="matrix(${matrix})">${COVERS[name].svg}</g></svg>`;
  return sharp(upright.data)
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}
