/** The readers of `prove-readers.ts`, with nothing else in their process: a message is what to follow, the answer the report. */
import { type ManyReaders, type ReadersReport, readByMany } from '../../test/api/many-readers.ts';

export interface ReadersQuestion extends ManyReaders {
  /** Comes back with the answer: many are asked at once. */
  id: string;
}

export interface ReadersAnswer {
  id: string;
  report: ReadersReport;
}

process.on('message', async ({ id, ...readers }: ReadersQuestion) => {
  process.send!({ id, report: await readByMany(readers) } satisfies ReadersAnswer);
});
