/** The readers of `prove-readers.ts`, with nothing else in their process: a message is what to follow, the answer the report. */
import { type ManyReaders, readByMany } from '../../test/api/many-readers.ts';

process.on('message', async (readers: ManyReaders) => {
  process.send!(await readByMany(readers));
});
