/** Side of the square the sketch is computed on, which takes 5 ms. */
const SIDE = 112;
const BACKGROUND_COLOURS = 6;
const ROUNDS = 4;
/** Minimum opacity in photos too busy for a guess, which could otherwise fade out faces. */
const VEILED = 0.6;

/**
 * Estimates where the person of a portrait is, as the alpha of a small picture: areas that differ from the colours along the
 * upper edges, weighted by the usual position of head and shoulders. For a preview only; the server makes the real cutout.
 */
export function sketchPerson(photo: ImageBitmap): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(photo, 0, 0, SIDE, SIDE);
  const pixels = context.getImageData(0, 0, SIDE, SIDE);
  const colours = edgeColours(pixels.data);
  const { data } = pixels;
  const guesses = Array.from({ length: SIDE * SIDE }, (_, index) => {
    const distance = Math.min(...colours.map((colour) => distanceTo(data, index * 4, colour)));
    const likely = likelihood((index % SIDE) / SIDE, Math.floor(index / SIDE) / SIDE);
    return { likely, unlike: Math.min(1, distance / 70) };
  });
  const least = VEILED * smooth((busyness(guesses) - 0.25) / 0.2);
  for (const [index, { likely, unlike }] of guesses.entries()) {
    const share = smooth((0.45 * unlike + 0.55 * likely - 0.34) / 0.26);
    data[index * 4 + 3] = 255 * (least + (1 - least) * share);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

interface Guess {
  /** How likely the person is at this place, 0 to 1. */
  likely: number;
  /** Distance from the colours of the edges, 0 to 1. */
  unlike: number;
}

/** How much the surroundings of the expected person differ from the background colours, 0 to 1. */
function busyness(guesses: Guess[]): number {
  const beside = guesses.filter(({ likely }) => likely < 0.05);
  return beside.reduce((sum, { unlike }) => sum + unlike, 0) / beside.length;
}

/** A head above shoulders, in the middle. */
function likelihood(x: number, y: number): number {
  const head = 1.25 - Math.hypot((x - 0.5) / 0.3, (y - 0.42) / 0.38);
  const shoulders = 1.3 - Math.hypot((x - 0.5) / 0.5, (y - 1.08) / 0.5);
  return Math.max(0, Math.min(1, Math.max(head, shoulders)));
}

function smooth(t: number): number {
  const within = Math.max(0, Math.min(1, t));
  return within * within * (3 - 2 * within);
}

type Colour = [number, number, number];

function distanceTo(data: Uint8ClampedArray, at: number, [red, green, blue]: Colour): number {
  return Math.hypot(data[at]! - red, data[at + 1]! - green, data[at + 2]! - blue);
}

/** The colours along the top and the upper sides, by k-means from evenly spread starts. */
function edgeColours(data: Uint8ClampedArray): Colour[] {
  const edge: number[] = [];
  for (let at = 0; at < SIDE; at += 1) {
    edge.push(at * 4, (SIDE + at) * 4);
    if (at < SIDE * 0.6) {
      edge.push(at * SIDE * 4, (at * SIDE + SIDE - 1) * 4);
    }
  }
  let colours = Array.from({ length: BACKGROUND_COLOURS }, (_, index): Colour => {
    const at = edge[Math.floor((index * edge.length) / BACKGROUND_COLOURS)]!;
    return [data[at]!, data[at + 1]!, data[at + 2]!];
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const sums = colours.map((): [number, number, number, number] => [0, 0, 0, 0]);
    for (const at of edge) {
      const distances = colours.map((colour) => distanceTo(data, at, colour));
      const sum = sums[distances.indexOf(Math.min(...distances))]!;
      for (let channel = 0; channel < 3; channel += 1) sum[channel]! += data[at + channel]!;
      sum[3] += 1;
    }
    colours = sums.map(
      ([red, green, blue, count], index): Colour =>
        count > 0 ? [red / count, green / count, blue / count] : colours[index]!,
    );
  }
  return colours;
}
