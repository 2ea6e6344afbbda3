/** A sequence of numbers from 0 to 1 that depends only on the name. */
export function seededRandom(name: string): () => number {
  // FNV-1a over the name, then mulberry32.
  let state = 0x811c9dc5;
  for (const char of name) {
    state = Math.imul(state ^ char.codePointAt(0)!, 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
