/** Numbers that sizes, counts and offsets break at. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
/** Most mutations hit structure: random bytes of the content only change what is heard or seen. */
const STRUCTURAL = 0.8;
const MAX_MUTATIONS = 4;
/** The header of any container ends before this. */
const HEAD_BYTES = 512;

/**
 * Damages a file in one to four places, the way of a broken transfer or of an attacker: bits, numbers beside the names of
 * boxes, chunks, pages and frames, cuts, and parts that are repeated or replaced by noise.
 * @param random 0 to 1; the same numbers give the same file
 */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const places = findStructure(bytes);
  const pick = (limit: number) => Math.floor(random() * limit);
  let result = Uint8Array.from(bytes);
  const place = () => {
    const at = random() < STRUCTURAL ? places[pick(places.length)]! + pick(24) - 8 : pick(result.length);
    return Math.max(0, Math.min(result.length - 1, at));
  };
  const ways: Array<() => void> = [
    () => {
      result[place()]! ^= 1 << pick(8);
    },
    () => {
      const view = new DataView(result.buffer);
      const at = Math.max(0, Math.min(place(), result.length - 4));
      const edge = EDGES[pick(EDGES.length)]!;
      if (result.length >= 4) view.setUint32(at, edge, random() < 0.5);
    },
    () => {
      result[place()] = EDGES[pick(6)]!;
    },
    () => {
      result = result.slice(0, place());
    },
    () => {
      const from = place();
      result = splice(result, from, from + 1 + pick(64), new Uint8Array());
    },
    () => {
      const from = place();
      result = splice(result, place(), undefined, result.slice(from, from + 1 + pick(4096)));
    },
    () => {
      const at = place();
      result.set(
        Uint8Array.from({ length: Math.min(1 + pick(256), result.length - at) }, () => pick(256)),
        at,
      );
    },
  ];
  for (let count = 1 + pick(MAX_MUTATIONS); count > 0 && result.length > 0; count--) {
    ways[pick(ways.length)]!();
  }
  return result;
}

function splice(
  bytes: Uint8Array,
  from: number,
  to: number | undefined,
  insert: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...bytes.subarray(0, from), ...insert, ...bytes.subarray(to ?? from)]);
}

/** Where a file has names of four letters, such as of boxes and chunks, marks of frames, or its header. */
function findStructure(bytes: Uint8Array): number[] {
  const places = Array.from({ length: Math.min(HEAD_BYTES, bytes.length) / 8 }, (_, i) => 8 * i);
  for (let at = 0; at + 4 <= bytes.length && places.length < 4096; at++) {
    const isName = [0, 1, 2, 3].every((i) => /[\w .#-]/.test(String.fromCharCode(bytes[at + i]!)));
    const isSync = bytes[at] === 0xff && (bytes[at + 1]! & 0xe0) === 0xe0;
    // Cluster, block group and simple block of Matroska.
    const isEbml = bytes[at] === 0x1f && bytes[at + 1] === 0x43;
    if (isName || isSync || isEbml) {
      places.push(at);
    }
  }
  return places;
}
