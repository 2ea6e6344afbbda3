/** The readers of `prove-readers.ts` in their own process. Receives what to follow and responds with a report. */
import { type ManyReaders, type ReadersReport, readByMany } from '../../test/api/many-readers.ts';

export interface ReadersQuestion extends ManyReaders {
  /** Repeated in the response, because many requests run at once. */
  id: string;
}

export interface ReadersAnswer {
  id: string;
  report: ReadersReport;
}

process.on('message', async ({ id, ...readers }: ReadersQuestion) => {
  process.send!({ id, report: await readByMany(readers) } satisfies ReadersAnswer);
});
