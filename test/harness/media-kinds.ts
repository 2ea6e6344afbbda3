import { join } from 'node:path';

/** A kind of files that people really have, each with what it rightly becomes. */
export interface MediaKind<Expected, Make> {
  /** What is special or wrong about files of this kind. */
  fault: string;
  /** Files of `media/field`. */
  field: Record<string, Expected>;
  /** More of the kind. */
  made: Record<string, MadeFile<Expected, Make>>;
}

export interface MadeFile<Expected, Make> {
  expected: Expected;
  make: Make;
}

/** All files of all kinds, with paths below MEDIA_DIR, or with what makes them. */
export function listFiles<Expected, Make>(
  kinds: ReadonlyArray<MediaKind<Expected, Make>>,
): Array<{ fault: string; name: string; expected: Expected; make?: Make }> {
  return kinds.flatMap(({ fault, field, made }) => [
    ...Object.entries(field).map(([name, expected]) => ({ fault, name: join('field', name), expected })),
    ...Object.entries(made).map(([name, file]) => ({ fault, name, ...file })),
  ]);
}
