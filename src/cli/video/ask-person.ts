import type { Box, Person } from '../../contracts/schemas/job-outcome.ts';
import { PipelineError } from '../../errors.ts';
import { ask } from '../terminal/ask.ts';
import { write } from '../terminal/output.ts';
import { toTable } from '../terminal/table.ts';

/** Lists the people in a photo, best match first, and asks for one of them. Enter alone selects the best. */
export async function askPerson(photoPath: string, persons: Person[], signal: AbortSignal): Promise<number> {
  write(`${photoPath} shows ${persons.length} people:`);
  for (const line of toPersonLines(persons)) {
    write(`  ${line}`);
  }
  try {
    for (;;) {
      const answer = await ask('Which one speaks? [1] ', signal);
      const person = persons.find(({ id }) => String(id) === (answer || '1'));
      if (person) {
        return person.id;
      }
      write(`Expected a number from 1 to ${persons.length}, but received ${answer}.`);
    }
  } catch (error) {
    // The cursor is still on the line of the question.
    write('');
    signal.throwIfAborted();
    throw new PipelineError(
      'INPUT_INVALID',
      `No person was chosen for ${photoPath}: its task is cancelled.`,
      {
        cause: error,
      },
    );
  }
}

function toPersonLines(persons: Person[]): string[] {
  const fromLeft = persons.toSorted((a, b) => middleOf(a.box) - middleOf(b.box));
  return toTable(
    [
      { title: 'person', align: 'right' },
      { title: 'confidence', align: 'right' },
      { title: 'from the left', align: 'right' },
      { title: 'box (left, top, right, bottom)' },
    ],
    persons.map((person) => [
      String(person.id),
      `${Math.round(person.confidence * 100)} %`,
      String(fromLeft.indexOf(person) + 1),
      person.box.map(Math.round).join(', '),
    ]),
  );
}

function middleOf([left, , right]: Box): number {
  return (left + right) / 2;
}
