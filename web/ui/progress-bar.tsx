/** Hidden from screen readers, because the percentage stands beside it. */
export function ProgressBar({ percent }: { percent: number }) {
  return (
    <div class="progress-bar" aria-hidden="true">
      <i style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}
