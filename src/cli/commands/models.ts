import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import { readEnvironment } from '../../config/read-environment.ts';
import { PipelineError } from '../../errors.ts';
import { type CatalogueEntry, readCatalogue } from '../../models/catalogue.ts';
import { createModelStore, type ModelStore } from '../../models/model-store.ts';
import { assertLicenseAccepted, pullModel } from '../../models/pull-model.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../add-examples.ts';
import { createDownloadBar, toMegabytes } from '../terminal/download-bar.ts';
import { show, write } from '../terminal/output.ts';
import { type Column, toTable } from '../terminal/table.ts';

interface PullFlags {
  mirror?: string;
  from?: string;
  acceptLicense?: boolean;
}

export function addModelsCommand(program: Command): void {
  const models = program
    .command('models')
    .summary('see, fetch and choose models')
    .description('Larger models than those that come with Limelight. They are kept in the user cache.');
  const listing = models
    .command('list')
    .description('what can be pulled, what is there, and what is used')
    .action(list);
  addExamples(listing, ['limelight models list', 'limelight models list --json']);
  const pulling = models
    .command('pull')
    .description('download models, check them, and install them')
    .argument('[name...]', 'as `list` shows them; default: the best of free licences')
    .option('--mirror <url>', 'address under which the files lie by their names, such as birefnet.onnx')
    .option('--from <dir>', 'folder in which they lie by their names, for machines without internet')
    .option('--accept-license', 'accept licences that must be accepted, such as AGPL-3.0')
    .action(pull);
  addExamples(pulling, [
    'limelight models pull',
    'limelight models pull yolo11n --accept-license',
    'limelight models pull birefnet-portrait --from /media/usb/models',
  ]);
  const verifying = models
    .command('verify')
    .description('compare what is installed with its checksums')
    .action(verify);
  addExamples(verifying, ['limelight models verify']);
  const using = models
    .command('use')
    .description('use a pulled model for its task from the next start on')
    .argument('<name>', 'as `list` shows it')
    .action(async (name: string) => {
      const { task } = await openStore().use(name);
      show({ name, task, state: 'used' }, () => []);
      write(`${name} is used for ${task} from the next start on.`);
    });
  addExamples(using, ['limelight models use birefnet-portrait']);
}

/** Detector and matting at the state of the art that may be used for anything. */
const DEFAULT_PULL = ['yolox-s', 'birefnet-portrait'];

async function list(): Promise<void> {
  const installed = await openStore().list();
  const rows = [...(await readCatalogue()), ...installed].filter(
    ({ name }, index, all) => all.findIndex((other) => other.name === name) === index,
  );
  const models = rows.map(({ name, task, license = '', ...entry }) => {
    const here = installed.find((other) => other.name === name);
    const first = installed.find((other) => other.task === task && !other.variant_of);
    const state = first?.name === name ? 'used' : here ? 'installed' : 'not installed';
    return { name, task, bytes: here?.bytes ?? entry.bytes, license, state };
  });
  show(models, () => toTable(COLUMNS, models.map(toCells)));
}

const COLUMNS: Column[] = [
  { title: 'name' },
  { title: 'task' },
  { title: 'size', align: 'right' },
  { title: 'licence' },
  { title: 'state' },
];

function toCells(model: {
  name: string;
  task: string;
  bytes: number | undefined;
  license: string;
  state: string;
}) {
  const { name, task, bytes, license, state } = model;
  return [name, task, bytes === undefined ? '' : toMegabytes(bytes), license, state];
}

async function pull(names: string[], { mirror, from, acceptLicense = false }: PullFlags): Promise<void> {
  const catalogue = await readCatalogue();
  const store = openStore();
  const signal = stopSignal();
  // All names are known, and all licences accepted, before the first gigabyte.
  const entries = (names.length > 0 ? names : DEFAULT_PULL).map((name) => find(catalogue, name));
  for (const entry of entries) {
    assertLicenseAccepted(entry, acceptLicense);
  }
  for (const entry of entries) {
    write(
      `${entry.name}: ${entry.license}${entry.license_url ? ` (${entry.license_url})` : ''}, ${entry.page}`,
    );
    await pullOne(store, entry, { ...(mirror && { mirror }), ...(from && { from }), acceptLicense, signal });
  }
}

async function pullOne(
  store: ModelStore,
  entry: CatalogueEntry,
  options: PullFlags & { acceptLicense: boolean; signal: AbortSignal },
): Promise<void> {
  const bar = createDownloadBar(entry.name, process.stderr);
  try {
    const { bytes, sha256 } = await pullModel({ entry, store, ...options, onProgress: bar.show });
    bar.end();
    show({ name: entry.name, bytes, sha256 }, () => []);
    const pinned = entry.sha256 ? '' : '; its checksum is pinned from now on';
    write(`${entry.name} is installed: ${toMegabytes(bytes!)}, sha256 ${sha256}${pinned}`);
  } finally {
    bar.end();
  }
  const used = (await store.list()).find(({ task, variant_of }) => task === entry.task && !variant_of);
  if (used && used.name !== entry.name && !entry.variant_of) {
    write(`${used.name} is still used for ${entry.task}: \`limelight models use ${entry.name}\` changes it`);
  }
}

async function verify(): Promise<void> {
  const store = openStore();
  const checked: { name: string; fault: string | null }[] = [];
  for (const entry of await store.list()) {
    checked.push({ name: entry.name, fault: (await store.verify(entry)) ?? null });
  }
  show(checked, () => checked.map(({ name, fault }) => fault ?? `${name}: in order`));
  const faults = checked.filter(({ fault }) => fault !== null);
  if (faults.length > 0) {
    throw new PipelineError('MODEL_INVALID', `${faults.length} of the installed models cannot be used`);
  }
}

function find(catalogue: CatalogueEntry[], name: string): CatalogueEntry {
  const entry = catalogue.find((known) => known.name === name);
  if (!entry) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected a name of the catalogue (${catalogue.map((known) => known.name).join(', ')}), but got ${name}`,
    );
  }
  return entry;
}

function openStore(): ModelStore {
  return createModelStore(loadConfig(readEnvironment()).models.cacheDir);
}
