import { PipelineError } from '../../errors.ts';

/** The person class in COCO, whose classes a model without class names is assumed to use. */
const COCO_PERSON = 0;
const PERSON_NAMES = ['person', 'people', 'human', 'pedestrian'];
/** Matches Ultralytics' Python syntax, `{0: 'person', 1: "traffic light"}`, and JSON. */
const ENTRY = /["']?(\d+)["']?\s*:\s*(["'])(.*?)\2/g;

/**
 * @param names the entry `names` of the model's metadata
 * @returns the class names by number; empty if there are none
 */
export function parseClassNames(names: string | undefined): Map<number, string> {
  return new Map([...(names ?? '').matchAll(ENTRY)].map(([, index, , name]) => [Number(index), name!]));
}

/** @throws PipelineError MODEL_INVALID if the model names its classes and none of them is a person */
export function personClassOf(names: ReadonlyMap<number, string>, model: string): number {
  const person = [...names].find(([, name]) => PERSON_NAMES.includes(name.toLowerCase()));
  if (names.size > 0 && !person) {
    const some = [...names.values()].slice(0, 5).join(', ');
    throw new PipelineError(
      'MODEL_INVALID',
      `The detector ${model} finds ${some}${names.size > 5 ? ' and more' : ''}, but no people`,
    );
  }
  return person?.[0] ?? COCO_PERSON;
}
