import type { Person } from '../../../src/contracts/schemas/job-outcome.ts';
import { PipelineError, server } from '../../server/server.ts';
import { type Task, takeStatus } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';

export async function choosePerson(taskId: string, person: number): Promise<void> {
  try {
    takeStatus(await server.choosePerson(taskId, person));
  } catch (error) {
    announce(error instanceof PipelineError ? error.message : '');
  }
}

/** Buttons for the same choice as in the photo. */
export function PersonChoice({ task, persons }: { task: Task; persons: Person[] }) {
  const t = strings.value.task;
  return (
    <section class="card choice" aria-labelledby="choice-title">
      <h2 id="choice-title">{t.choose(persons.length)}</h2>
      <p class="muted">{t.chooseHint}</p>
      <div class="actions">
        {persons.map(({ id, confidence }) => (
          <button
            type="button"
            class="button"
            key={id}
            aria-label={t.personSure(id, Math.round(confidence * 100))}
            onClick={() => choosePerson(task.id, id)}
          >
            {t.person(id)}
          </button>
        ))}
      </div>
    </section>
  );
}
