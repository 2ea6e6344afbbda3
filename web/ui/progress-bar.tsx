/** Beside the same in words: nothing to a screen reader. */
export function ProgressBar({ percent }: { percent: number }) {
  return (
    <div class="progress-bar" aria-hidden="true">
      <i style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}
