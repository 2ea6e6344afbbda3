/** A collector in a process of its own, as it is elsewhere: tells its URL, and whenever it is asked how many spans came. */
import process from 'node:process';
import { startTraceCollector } from '../test/harness/trace-collector.ts';

const collector = await startTraceCollector();
process.send?.({ url: collector.url });
process.on('message', () => process.send?.({ spans: collector.spans.length }));
process.once('disconnect', () => process.exit());
