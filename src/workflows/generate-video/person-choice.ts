import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { CHOOSE_PERSON_UPDATE } from '../../contracts/messages.ts';
import type { JobOptions } from '../../contracts/schemas/job-options.ts';
import type { Person } from '../../contracts/schemas/job-outcome.ts';
import type { DetectPersonsResult } from '../../ports/models.ts';
import { refusal } from '../job-error.ts';

const choosePersonUpdate = defineUpdate<void, [person: number]>(CHOOSE_PERSON_UPDATE);

/** Selects the person for the video: the best one, the one that was asked for, or the one that the update chooses. */
export class PersonChoice {
  readonly #options: JobOptions;
  /** Set once the job waits for a choice. */
  #persons: Person[] | undefined;
  #chosen: number | undefined;

  constructor(options: JobOptions) {
    this.#options = options;
    setHandler(
      choosePersonUpdate,
      (person) => {
        this.#chosen = person;
      },
      { validator: (person) => this.#check(person) },
    );
  }

  /**
   * Rejects with PERSON_NOT_FOUND or PERSON_CHOICE_INVALID.
   * @param onWait is called if the job now waits for a choice.
   */
  async choose(detected: DetectPersonsResult, onWait: () => void): Promise<Person> {
    const { persons } = detected;
    const wanted = this.#options.persons;
    if (persons.length === 0) {
      throw noPersonFound(detected, this.#options);
    }
    if (wanted !== 'ask' || persons.length === 1) {
      return pickPerson(persons, wanted === 'ask' ? 'auto' : wanted);
    }
    this.#persons = persons;
    onWait();
    await condition(() => this.#chosen !== undefined);
    return pickPerson(persons, this.#chosen!);
  }

  /** The same choice again is valid: the response to the first one may have been lost. */
  #check(person: number): void {
    const { persons } = this.#options;
    if (persons !== 'ask') {
      throw refusal('PERSON_NOT_ASKED', `This task does not ask: it was submitted with persons=${persons}.`);
    }
    if (!this.#persons) {
      throw refusal(
        'PERSON_NOT_ASKED',
        'This task is not waiting for a choice now. Follow its events until it asks.',
      );
    }
    if (this.#chosen !== undefined && this.#chosen !== person) {
      throw refusal('PERSON_NOT_ASKED', `Person #${this.#chosen} is already chosen.`);
    }
    pickPerson(this.#persons, person);
  }
}

/** Rejects with PERSON_CHOICE_INVALID if there is no such person. */
export function pickPerson(persons: Person[], wanted: 'auto' | number): Person {
  const person = wanted === 'auto' ? persons[0] : persons.find(({ id }) => id === wanted);
  if (!person) {
    throw refusal(
      'PERSON_CHOICE_INVALID',
      `persons=${wanted} asks for person #${wanted}, but ${countPeople(persons.length)} found in the photo. Choose a number from 1 to ${persons.length}, or auto.`,
    );
  }
  return person;
}

function noPersonFound({ bestBelowThreshold }: DetectPersonsResult, { conf_threshold }: JobOptions) {
  const nearest =
    bestBelowThreshold === undefined
      ? 'nothing in it looks like a person'
      : `the best guess reached ${bestBelowThreshold.toFixed(2)}`;
  return refusal(
    'PERSON_NOT_FOUND',
    `No person was found in the photo with a confidence of ${conf_threshold} or more: ${nearest}. Use a photo in which a person is clearly visible, or accept a lower confidence.`,
  );
}

function countPeople(count: number): string {
  return count === 1 ? 'only 1 person was' : `${count} people were`;
}
