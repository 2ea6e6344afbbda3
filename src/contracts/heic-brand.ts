const COMPATIBLE_AT = 16;
const HEIC = [0x68, 0x65, 0x69, 0x63];

/**
 * Overwrites the first compatible brand of a still HEIC picture: libheif, on the server and on the page, refuses pictures
 * that have general brands only.
 */
export function claimHeic(bytes: Uint8Array): void {
  const hasCompatible = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) > COMPATIBLE_AT;
  if (hasCompatible) {
    bytes.set(HEIC, COMPATIBLE_AT);
  }
}
