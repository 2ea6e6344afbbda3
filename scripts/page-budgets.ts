/**
 * `npm run page:budgets [-- URL]`: measures size and load time of the page against its budgets. Without an address it serves
 * the built page itself. The budgets are for an idle machine.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { SHOWS_THE_PAGE } from '../src/api/access/security-headers.ts';
import { readPageFiles } from '../src/api/http/page-files.ts';
import { openBrowser, SIZES } from '../test/harness/browser/browser.ts';

interface Budget {
  what: string;
  value: number;
  most: number;
  unit: string;
}

const RUNS = 5;
const page = await readPageFiles(join(import.meta.dirname, '../dist/web'));

/** Serves only the built page, so that the API is not measured. */
async function serve() {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    const file = page.get(path === '/' ? 'index.html' : path.slice(1));
    if (!file) {
      response.writeHead(404, { 'Content-Type': 'application/problem+json' }).end('{}');
      return;
    }
    response.writeHead(200, {
      'Content-Type': file.type,
      'Content-Security-Policy': SHOWS_THE_PAGE,
      ...(file.gzipped && { 'Content-Encoding': 'gzip' }),
    });
    response.end(file.gzipped ?? file.bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

/** Measured in the page itself, as Lighthouse does. */
const MEASURE = `new Promise((resolve) => {
  let shift = 0;
  let largest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) largest = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => {
    const loaded = performance.getEntriesByType('navigation')[0];
    const requests = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/'));
    resolve({
      loadMs: loaded.loadEventEnd,
      largestMs: largest,
      shift,
      bytes: loaded.encodedBodySize + requests.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      nodes: document.querySelectorAll('*').length,
    });
  }, 800);
})`;

interface Measured {
  loadMs: number;
  largestMs: number;
  shift: number;
  bytes: number;
  nodes: number;
}

async function measure(url: string): Promise<Measured[]> {
  const browser = await openBrowser();
  const runs: Measured[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    // A new context each time, so that its cache is empty.
    const context = await browser.newContext({ viewport: SIZES.laptop });
    const tab = await context.newPage();
    await tab.goto(url, { waitUntil: 'load' });
    runs.push(await tab.evaluate<Measured>(MEASURE));
    await context.close();
  }
  await browser.close();
  return runs;
}

const given = process.argv[2];
const served = given ? undefined : await serve();
const runs = await measure(given ?? served!.url);
served?.close();
const median = (pick: (run: Measured) => number) =>
  runs.map(pick).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
const worst = (pick: (run: Measured) => number) => Math.max(...runs.map(pick));

const budgets: Budget[] = [
  {
    what: 'all that a first visit loads, compressed',
    value: worst(({ bytes }) => bytes) / 1000,
    most: 120,
    unit: 'kB',
  },
  { what: 'loaded, median of 5', value: median(({ loadMs }) => loadMs), most: 1000, unit: 'ms' },
  {
    what: 'largest content painted, median of 5',
    value: median(({ largestMs }) => largestMs),
    most: 1000,
    unit: 'ms',
  },
  { what: 'layout shift, worst of 5', value: worst(({ shift }) => shift), most: 0.01, unit: '' },
  { what: 'elements', value: worst(({ nodes }) => nodes), most: 800, unit: '' },
];
for (const { what, value, most, unit } of budgets) {
  const shown = value < 1 ? value.toFixed(3) : value.toFixed(0);
  process.stdout.write(`${value <= most ? 'ok  ' : 'OVER'}  ${what}: ${shown} of ${most} ${unit}\n`);
}
process.exitCode = budgets.some(({ value, most }) => value > most) ? 1 : 0;
