import { useState } from 'preact/hooks';
import { DEFAULT_BACKGROUND } from '../../../src/contracts/job.ts';
import type { SavedSubmission } from '../../state/saved-submissions.ts';
import type { Task } from '../../state/tasks.ts';
import { findingsOf } from '../../state/timeline.ts';
import { strings } from '../../strings/strings.ts';
import { Backdrop } from './backdrop.tsx';
import { fitting } from './persons.tsx';

export interface CompareProps {
  task: Task;
  photo: string;
  cutout: string | undefined;
  kept: SavedSubmission | undefined;
}

/** The photo to the left of a movable line, and the person on the new background to its right. */
export function Compare({ task, photo, cutout, kept }: CompareProps) {
  const t = strings.value.task;
  const [percent, setPercent] = useState(50);
  const { width = 1, height = 1 } = findingsOf(task) ?? {};
  const background = kept?.fields.background ?? DEFAULT_BACKGROUND;
  return (
    <div class="fit" style={{ aspectRatio: `${width} / ${height}`, ...fitting(width, height) }} dir="ltr">
      <img src={photo} alt={t.photoAlt} />
      <div class="compare">
        <div class="layer" style={{ clipPath: `inset(0 0 0 ${percent}%)` }}>
          <Backdrop background={background} photo={photo} cutout={cutout} image={kept?.backgroundImage} />
          {cutout && <img class="layer" src={cutout} alt={t.cutoutAlt} />}
        </div>
        <span class="chip tag from" hidden={percent < 18}>
          {t.before}
        </span>
        <span class="chip tag to" hidden={percent > 82}>
          {t.after}
        </span>
        <div class="line" style={{ left: `${percent}%` }} />
        <input
          type="range"
          min={0}
          max={100}
          value={percent}
          aria-label={t.compare}
          onInput={({ currentTarget }) => setPercent(Number(currentTarget.value))}
        />
      </div>
    </div>
  );
}
