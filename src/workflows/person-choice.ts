import { ApplicationFailure } from '@temporalio/workflow';
import type { JobOptions, Person } from '../contracts/job.ts';
import type { DetectPersonsResult } from '../inference/tasks.ts';

/** The person that the job is about. Fails with PERSON_NOT_FOUND or PERSON_CHOICE_INVALID, in words for its owner. */
export function choosePerson(detected: DetectPersonsResult, options: JobOptions): Person {
  const { persons, bestBelowThreshold } = detected;
  if (persons.length === 0) {
    const nearest =
      bestBelowThreshold === undefined
        ? 'nothing in it looks like a person'
        : `the best guess reached ${bestBelowThreshold.toFixed(2)}`;
    throw refuse(
      'PERSON_NOT_FOUND',
      `No person was found in the photo at a conf_threshold of ${options.confThreshold}: ${nearest}. Use a photo in which a person is clearly visible, or lower conf_threshold.`,
    );
  }
  const person = options.persons === 'auto' ? persons[0] : persons.find(({ id }) => id === options.persons);
  if (!person) {
    throw refuse(
      'PERSON_CHOICE_INVALID',
      `persons=${options.persons} asks for person #${options.persons}, but ${countPersons(persons.length)} found in the photo. Choose a number from 1 to ${persons.length}, or auto.`,
    );
  }
  return person;
}

function countPersons(count: number): string {
  return count === 1 ? 'only 1 person was' : `${count} persons were`;
}

function refuse(type: 'PERSON_NOT_FOUND' | 'PERSON_CHOICE_INVALID', message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
