import type { SavedSubmission } from '../../state/saved-submissions.ts';
import { submitAgain } from '../../state/submit-again.ts';
import type { Task } from '../../state/tasks.ts';
import { type findingsOf, personsToChoose, selectedPerson } from '../../state/timeline.ts';
import { strings } from '../../strings/strings.ts';
import { choosePerson } from './person-choice.tsx';

export interface PersonsProps {
  task: Task;
  photo: string;
  findings: NonNullable<ReturnType<typeof findingsOf>>;
  kept: SavedSubmission | undefined;
}

/** The photo with a box around each person. A click chooses that person, or later makes a new video with that person. */
export function Persons({ task, photo, findings, kept }: PersonsProps) {
  const t = strings.value.task;
  const { persons, width, height } = findings;
  const isAsking = personsToChoose(task) !== undefined;
  const selected = isAsking ? undefined : selectedPerson(task);
  const percent = (value: number, whole: number) => `${(value / whole) * 100}%`;
  return (
    <div class="fit" style={{ aspectRatio: `${width} / ${height}`, ...fitting(width, height) }} dir="ltr">
      <img src={photo} alt={t.photoAlt} />
      {persons.map(({ id, box: [x1, y1, x2, y2] }) => {
        const place = {
          left: percent(x1, width),
          top: percent(y1, height),
          width: percent(x2 - x1, width),
          height: percent(y2 - y1, height),
        };
        const act = isAsking
          ? () => choosePerson(task.id, id)
          : kept && id !== selected
            ? () => submitAgain(kept, { persons: String(id) })
            : undefined;
        return act ? (
          <button
            type="button"
            class="box"
            key={id}
            style={place}
            data-test={`person-${id}`}
            aria-label={isAsking ? t.person(id) : t.takePerson(id)}
            title={isAsking ? t.person(id) : t.takePerson(id)}
            onClick={act}
          >
            <span>{id}</span>
          </button>
        ) : (
          <div class={`box ${id === selected ? 'selected' : ''}`} key={id} style={place}>
            <span>
              {id}
              {id === selected && <span class="unseen"> {t.selected}</span>}
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** As large as fits into the square frame. */
export function fitting(width: number, height: number): { width: string; height: string } {
  return width >= height ? { width: '100%', height: 'auto' } : { width: 'auto', height: '100%' };
}
