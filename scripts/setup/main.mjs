/** The steps of `scripts/setup.mjs`. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withLock } from './lock.mjs';
import { installNode24, isNode24 } from './node.mjs';
import { arePackagesCurrent, installPackages } from './packages.mjs';
import { buildPage, isPageCurrent } from './page.mjs';
import { say, timed } from './step.mjs';
import { findTemporal, installTemporal } from './temporal.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({
  options: { 'quiet-when-ready': { type: 'boolean' }, check: { type: 'boolean' } },
});

// Locks and partial files are removed when the process exits. An unhandled signal would skip that.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** The parts in the order of their installation. */
const PARTS = [
  ['the npm packages are not those of package-lock.json', () => arePackagesCurrent(root)],
  ['Node 24 is not installed', () => isNode24(root)],
  ['no Temporal server is installed', () => findTemporal(process.env) !== undefined],
  ['the page is not built, or from other sources', () => isPageCurrent(root)],
];

try {
  await (values.check ? printMissing() : setUp());
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function setUp() {
  if (isReady()) {
    if (!values['quiet-when-ready']) {
      say('Everything is in place.');
    }
    return;
  }
  // Not in node_modules, which `npm ci` empties.
  const clone = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const startedAt = performance.now();
  say('installing what is missing, once: usually less than a minute');
  await withLock(join(tmpdir(), `limelight-setup-${process.getuid?.() ?? 0}-${clone}`), async () => {
    // Both wait for downloads. One that fails does not stop the other, which the next run then has.
    const results = await Promise.allSettled([
      setUpClone(),
      findTemporal(process.env) || installTemporal(process.env),
    ]);
    // Of two failures the first is enough: often they have one reason.
    const failure = results.find(({ status }) => status === 'rejected');
    if (failure) {
      throw failure.reason;
    }
  });
  say(`Everything is in place after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
}

/** What lies in the clone itself. */
async function setUpClone() {
  const isFresh = !arePackagesCurrent(root);
  if (isFresh) {
    await timed('npm packages (npm ci)', () => installPackages(root));
  }
  // Also if this machine has a newer one: everything runs on the one that the project is tested with.
  if (isFresh || !isNode24(root)) {
    await timed('Node 24 (npm rebuild node)', () => installNode24(root));
  }
  if (!isPageCurrent(root)) {
    await timed('page (vite build)', () => buildPage(root));
  }
}

function isReady() {
  return PARTS.every(([, isThere]) => isThere());
}

/** For `--check`: prints what is missing, one line each, on standard output. */
function printMissing() {
  const missing = PARTS.filter(([, isThere]) => !isThere()).map(([fault]) => fault);
  process.stdout.write(missing.map((fault) => `${fault}\n`).join(''));
  process.exitCode = missing.length > 0 ? 1 : 0;
}
