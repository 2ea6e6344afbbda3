import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PipelineError } from '../errors.ts';
import { Manifest, type ManifestEntry, ModelContract } from './model-manifest.ts';

export type ModelTask = 'person-detection' | 'background-removal' | 'face-detection' | 'face-landmarks';

/** Outputs that a model of the task `lip-sync` may have. */
export const LIP_SYNC_KINDS = ['wav2lip'] as const;

/** Where models are looked for, the first folder first. */
export interface ModelFolders {
  /** MODELS_DIR: where it is set, it must hold a manifest. */
  dir?: string | undefined;
  /** What was pulled. */
  cacheDir: string;
}

/** Plain data: it travels to the slots. */
export interface FoundModel {
  path: string;
  contract: ModelContract;
  revision: string | undefined;
  /** Of the file: its SHA-256 as the manifest says it, else its size. */
  digest?: string;
  precision?: 'fp32' | 'fp16' | 'int8' | undefined;
}

/** A model that takes more than a picture: its reader knows its inputs. Plain data. */
export interface ModelFile {
  path: string;
  name: string;
  revision: string | undefined;
  digest: string;
}

/** The models that come with the project. */
const STARTERS_DIR = fileURLToPath(new URL('../../models', import.meta.url));

const HOW_TO_GET =
  'Set MODELS_DIR to a folder that holds models and their manifest.json, or pull some with `limelight models pull`.';

/**
 * The first model for the task whose output kind the caller can read.
 * @throws PipelineError MODEL_MISSING where no folder has one, MODEL_INVALID where a manifest or file is not as it says.
 */
export async function findModel(
  task: ModelTask,
  kinds: readonly string[],
  { dir, cacheDir }: ModelFolders,
): Promise<FoundModel> {
  for (const folder of dir ? [dir, cacheDir, STARTERS_DIR] : [cacheDir, STARTERS_DIR]) {
    const manifest = await readManifest(folder);
    if (!manifest && folder === dir) {
      throw new PipelineError('MODEL_MISSING', `There is no manifest.json in ${dir}. ${HOW_TO_GET}`);
    }
    const entry = manifest?.find((model) => isFor(model, task, kinds));
    if (entry) {
      return open(folder, entry);
    }
  }
  throw new PipelineError(
    'MODEL_MISSING',
    `There is no model for ${task} with the output ${kinds.join(' or ')}. ${HOW_TO_GET}`,
    { details: { task } },
  );
}

/** As `findModel` for models that take more than a picture; undefined where no folder has one. @throws PipelineError MODEL_INVALID */
export async function findModelFile(
  task: 'voice-activity' | 'lip-sync',
  kinds: readonly string[],
  { dir, cacheDir }: ModelFolders,
): Promise<ModelFile | undefined> {
  for (const folder of [...(dir ? [dir] : []), cacheDir]) {
    const manifest = await readManifest(folder);
    const entry = manifest?.find((model) => model.task === task && kinds.includes(model.output.kind));
    if (entry) {
      const { path, digest } = await locate(folder, entry);
      return { path, digest, name: entry.name, revision: entry.revision };
    }
  }
  return undefined;
}

/** Every model of the folder for the task whose output kind the caller can read, in the order of its manifest. */
export async function listModels(
  task: ModelTask,
  kinds: readonly string[],
  dir: string,
): Promise<FoundModel[]> {
  const manifest = await readManifest(dir);
  if (!manifest) {
    throw new PipelineError('MODEL_MISSING', `There is no manifest.json in ${dir}. ${HOW_TO_GET}`);
  }
  return Promise.all(manifest.filter((model) => isFor(model, task, kinds)).map((entry) => open(dir, entry)));
}

/** A model, the cheaper forms of it that its manifest has, and the starter for its task where that is another one. */
export async function findModelFamily(
  task: ModelTask,
  kinds: readonly string[],
  folders: ModelFolders,
): Promise<{ model: FoundModel; variants: FoundModel[]; starter?: FoundModel }> {
  const model = await findModel(task, kinds, folders);
  const folder = dirname(model.path);
  const manifest = (await readManifest(folder)) ?? [];
  const variants = manifest.filter(
    (entry) => entry.variant_of === model.contract.name && kinds.includes(entry.output.kind),
  );
  const starter = (await readManifest(STARTERS_DIR))?.find((entry) => isFor(entry, task, kinds));
  return {
    model,
    variants: await Promise.all(variants.map((entry) => open(folder, entry))),
    ...(starter && folder !== STARTERS_DIR && { starter: await open(STARTERS_DIR, starter) }),
  };
}

function isFor(
  { task, output, variant_of }: ManifestEntry,
  wanted: ModelTask,
  kinds: readonly string[],
): boolean {
  return task === wanted && variant_of === undefined && kinds.includes(output.kind);
}

async function readManifest(folder: string): Promise<ManifestEntry[] | undefined> {
  const path = join(folder, 'manifest.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') {
      throw new PipelineError('MODEL_MISSING', `${path} cannot be read: ${error.message}`, { cause: error });
    }
  });
  return text === undefined ? undefined : parse(Manifest, path, text);
}

async function open(folder: string, entry: ManifestEntry): Promise<FoundModel> {
  const contract = parse(ModelContract, `The manifest's entry ${entry.name}`, entry);
  return {
    ...(await locate(folder, entry)),
    contract,
    revision: entry.revision,
    ...(entry.precision && { precision: entry.precision }),
  };
}

async function locate(folder: string, entry: ManifestEntry): Promise<{ path: string; digest: string }> {
  const path = join(folder, entry.file);
  const { size } = await stat(path).catch((cause) => {
    throw new PipelineError(
      'MODEL_MISSING',
      `The manifest names ${path}, which is not there. ${HOW_TO_GET}`,
      {
        cause,
      },
    );
  });
  if (entry.bytes !== undefined && entry.bytes !== size) {
    throw new PipelineError(
      'MODEL_INVALID',
      `${path} has ${size} bytes, its manifest says ${entry.bytes}: fetch the model again`,
    );
  }
  return { path, digest: entry.sha256 ?? String(size) };
}

function parse<T extends z.ZodType>(schema: T, what: string, given: unknown): z.infer<T> {
  const parsed = schema.safeParse(typeof given === 'string' ? parseJson(given) : given);
  if (!parsed.success) {
    throw new PipelineError(
      'MODEL_INVALID',
      `${what} is not as expected: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
