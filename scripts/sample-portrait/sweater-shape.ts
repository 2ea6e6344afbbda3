import { capsule, carve, ellipsoid, join } from './distance.ts';

const COLLAR = {
  y: -13.9,
  z: -4.2,
  radius: 5.15,
  tube: 0.5,
  tiltCos: Math.cos(0.34),
  tiltSin: Math.sin(0.34),
} as const;

/** A crew-neck sweater over shoulders and upper arms. */
export function sweaterShape(signedX: number, y: number, z: number): number {
  const x = Math.abs(signedX);
  if (y > 2) {
    return y + 10.5; // no part of it comes higher
  }
  let d = capsule(x, y, z, 0, -15.2, -5.0, 13.4, -19.2, -5.6, 2.9, 3.8);
  d = join(d, ellipsoid(x, y + 29.0, z + 4.6, 15, 15, 8.4), 6);
  d = join(d, capsule(x, y, z, 14.6, -20.2, -5.6, 17.8, -40, -4, 4.2, 4.6), 2.5);
  const rise = COLLAR.tiltCos * (y - COLLAR.y) + COLLAR.tiltSin * (z - COLLAR.z);
  const depth = -COLLAR.tiltSin * (y - COLLAR.y) + COLLAR.tiltCos * (z - COLLAR.z);
  const fromAxis = Math.hypot(x, depth);
  d = carve(d, fromAxis - COLLAR.radius, 0.3);
  const band = Math.hypot(fromAxis - COLLAR.radius - 0.1, Math.max(0, Math.abs(rise) - 0.45)) - COLLAR.tube;
  return join(d, band, 0.35);
}

/** 1 on the ribbed band around the neck, and the angle around it in radians. */
export function collarBand(x: number, y: number, z: number): { on: boolean; angle: number } {
  const rise = COLLAR.tiltCos * (y - COLLAR.y) + COLLAR.tiltSin * (z - COLLAR.z);
  const depth = -COLLAR.tiltSin * (y - COLLAR.y) + COLLAR.tiltCos * (z - COLLAR.z);
  const fromAxis = Math.hypot(x, depth);
  return { on: Math.abs(rise) < 1.0 && fromAxis < COLLAR.radius + 0.75, angle: Math.atan2(x, depth) };
}
