/** A collector in a separate process, as in production. Sends its URL, and on each message the number of received spans. */
import process from 'node:process';
import { startTraceCollector } from '../test/harness/trace-collector.ts';

const collector = await startTraceCollector();
process.send?.({ url: collector.url });
process.on('message', () => process.send?.({ spans: collector.spans.length }));
process.once('disconnect', () => process.exit());
