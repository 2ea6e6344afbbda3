const BAR_PX = 3;
const GAP_PX = 2;

/** Draws the loudness of a recording as bars. */
export function drawWave(canvas: HTMLCanvasElement, peaks: Float32Array): void {
  const scale = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  // A grey with enough contrast in the light and the dark theme.
  context.fillStyle = '#84857a';
  const loudest = Math.max(0.05, ...peaks);
  const bars = Math.max(1, Math.floor(width / (BAR_PX + GAP_PX)));
  for (let bar = 0; bar < bars; bar += 1) {
    const from = Math.floor((bar * peaks.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
    const share = Math.max(...peaks.subarray(from, to)) / loudest;
    const tall = Math.max(3, share * (height - 20));
    context.beginPath();
    context.roundRect(bar * (BAR_PX + GAP_PX), (height - tall) / 2, BAR_PX, tall, BAR_PX / 2);
    context.fill();
  }
}
