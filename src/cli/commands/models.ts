import type { Command } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import { PipelineError } from '../../errors.ts';
import type { CatalogueEntry } from '../../models/catalogue.ts';
import type { ModelStore } from '../../models/model-store.ts';
import { loadConfig } from '../../process/load-config.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { createDownloadBar } from '../terminal/download-bar.ts';
import { toMegabytes } from '../terminal/format.ts';
import { show, write } from '../terminal/output.ts';
import { type Column, toTable } from '../terminal/table.ts';

interface PullFlags {
  sha256?: string;
  mirror?: string;
  from?: string;
  acceptLicense?: boolean;
}

export function addModelsCommand(program: Command): void {
  const models = program
    .command('models')
    .summary('list, download and choose models')
    .description(
      'Manages larger models than the ones that come with Limelight. They are stored in the user cache.',
    );
  const listing = models
    .command('list')
    .description('list available, installed and used models')
    .action(list);
  addExamples(listing, ['limelight models list', 'limelight models list --json']);
  const pulling = models
    .command('pull')
    .description('download, check and install models')
    .argument('[name...]', 'names as shown by `list`; default: the best with a permissive licence')
    .option(
      '--sha256 <hex>',
      'checksum that the publisher shows, for a model whose checksum the catalogue lacks',
    )
    .option('--mirror <url>', 'https URL of a folder with the files, named such as birefnet.onnx')
    .option('--from <dir>', 'folder with the files, for machines without internet')
    .option('--accept-license', 'accept licences that require it, such as AGPL-3.0')
    .action(pull);
  addExamples(pulling, [
    'limelight models pull',
    'limelight models pull yolo11n --accept-license --sha256 $SHA256',
    'limelight models pull birefnet-portrait --from /media/usb/models',
  ]);
  const verifying = models
    .command('verify')
    .description('compare installed models with their checksums')
    .action(verify);
  addExamples(verifying, ['limelight models verify']);
  const using = models
    .command('use')
    .description('use an installed model for its task from the next start')
    .argument('<name>', 'name as shown by `list`')
    .action(async (name: string) => {
      const { task } = await (await openStore()).use(name);
      show({ name, task, state: 'used' }, () => []);
      write(`${name} will be used for ${task} from the next start.`);
    });
  addExamples(using, ['limelight models use birefnet-portrait']);
}

/** The best with a permissive licence and a known checksum. */
const DEFAULT_PULL = ['birefnet-portrait'];

async function list(): Promise<void> {
  const installed = await (await openStore()).list();
  const { readCatalogue } = await import('../../models/catalogue.ts');
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

async function pull(
  names: string[],
  { sha256, mirror, from, acceptLicense = false }: PullFlags,
): Promise<void> {
  const { readCatalogue } = await import('../../models/catalogue.ts');
  const { assertLicenseAccepted } = await import('../../models/pull-model.ts');
  const catalogue = await readCatalogue();
  const store = await openStore();
  const signal = stopSignal();
  // Check all names and licences before downloading the first gigabyte.
  const entries = (names.length > 0 ? names : DEFAULT_PULL).map((name) => find(catalogue, name));
  for (const entry of entries) {
    assertLicenseAccepted(entry, acceptLicense);
  }
  if (sha256 !== undefined && entries.length > 1) {
    throw new PipelineError('INPUT_INVALID', 'Expected one model for --sha256, because each has its own');
  }
  for (const entry of entries) {
    write(
      `${entry.name}: ${entry.license}${entry.license_url ? ` (${entry.license_url})` : ''}, ${entry.page}`,
    );
    await pullOne(store, entry, {
      ...(sha256 && { sha256 }),
      ...(mirror && { mirror }),
      ...(from && { from }),
      acceptLicense,
      signal,
    });
  }
}

async function pullOne(
  store: ModelStore,
  entry: CatalogueEntry,
  options: PullFlags & { acceptLicense: boolean; signal: AbortSignal },
): Promise<void> {
  const { pullModel } = await import('../../models/pull-model.ts');
  const bar = createDownloadBar(entry.name, process.stderr);
  try {
    const { bytes, sha256 } = await pullModel({ entry, store, ...options, onProgress: bar.show });
    bar.end();
    show({ name: entry.name, bytes, sha256 }, () => []);
    write(`Installed ${entry.name}: ${toMegabytes(bytes!)}, sha256 ${sha256}`);
  } finally {
    bar.end();
  }
  const used = (await store.list()).find(({ task, variant_of }) => task === entry.task && !variant_of);
  if (used && used.name !== entry.name && !entry.variant_of) {
    write(
      `${used.name} is still used for ${entry.task}. To change that: \`npx limelight models use ${entry.name}\``,
    );
  }
}

async function verify(): Promise<void> {
  const store = await openStore();
  const checked: { name: string; fault: string | null }[] = [];
  for (const entry of await store.list()) {
    checked.push({ name: entry.name, fault: (await store.verify(entry)) ?? null });
  }
  show(checked, () => checked.map(({ name, fault }) => fault ?? `${name}: ok`));
  const faults = checked.filter(({ fault }) => fault !== null);
  if (faults.length > 0) {
    throw new PipelineError(
      'MODEL_INVALID',
      `${faults.length} of ${checked.length} installed models cannot be used`,
    );
  }
}

function find(catalogue: CatalogueEntry[], name: string): CatalogueEntry {
  const entry = catalogue.find((known) => known.name === name);
  if (!entry) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected a model of the catalogue (${catalogue.map((known) => known.name).join(', ')}) but received ${name}`,
    );
  }
  return entry;
}

async function openStore(): Promise<ModelStore> {
  const { createModelStore } = await import('../../models/model-store.ts');
  return createModelStore(loadConfig(readEnvironment()).models.cacheDir);
}
