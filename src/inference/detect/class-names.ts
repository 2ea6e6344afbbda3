import { PipelineError } from '../../errors.ts';

/** In COCO, and in models that do not say what their classes are. */
const COCO_PERSON = 0;
const WORDS_FOR_PERSON = ['person', 'people', 'human', 'pedestrian'];
/** `{0: 'person', 1: "traffic light"}` as Ultralytics writes it, which is Python; JSON's quoted numbers as well. */
const ENTRY = /["']?(\d+)["']?\s*:\s*(["'])(.*?)\2/g;

/** The names of a model's classes by their numbers, from the `names` of its metadata; empty where there are none. */
export function parseClassNames(names: string | undefined): Map<number, string> {
  return new Map([...(names ?? '').matchAll(ENTRY)].map(([, index, , name]) => [Number(index), name!]));
}

/** @throws PipelineError MODEL_INVALID where the model tells its classes and none of them is a person. */
export function personClassOf(names: ReadonlyMap<number, string>, model: string): number {
  const person = [...names].find(([, name]) => WORDS_FOR_PERSON.includes(name.toLowerCase()));
  if (names.size > 0 && !person) {
    const some = [...names.values()].slice(0, 5).join(', ');
    throw new PipelineError(
      'MODEL_INVALID',
      `The detector ${model} finds ${some}${names.size > 5 ? ' and more' : ''}, but no persons`,
    );
  }
  return person?.[0] ?? COCO_PERSON;
}
