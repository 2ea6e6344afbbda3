import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PipelineError } from '../errors.ts';
import { Manifest, type ManifestEntry, ModelContract } from './model-manifest.ts';

export type ModelTask =
  | 'person-detection'
  | 'background-removal'
  | 'face-detection'
  | 'face-landmarks'
  | 'mouth-cover';

/** Output kinds of models for the task `lip-sync`. */
export const LIP_SYNC_KINDS = ['wav2lip'] as const;

/** Folders to search for models, in this order. */
export interface ModelFolders {
  /** MODELS_DIR. If set, it must contain a manifest. */
  dir?: string | undefined;
  /** Folder of pulled models. */
  cacheDir: string;
}

/** Those that a process needs to read, besides the models that come with the project. */
export function foldersOf({ dir, cacheDir }: ModelFolders): string[] {
  return [...(dir ? [dir] : []), cacheDir];
}

/** Plain data, so it can be sent to the slots. */
export interface FoundModel {
  path: string;
  contract: ModelContract;
  revision: string | undefined;
  /** SHA-256 of the file according to the manifest, else its size. */
  digest?: string;
  precision?: 'fp32' | 'fp16' | 'int8' | undefined;
}

/** A model without a contract: its inputs are more than a picture, and its caller defines them. Plain data. */
export interface ModelFile {
  path: string;
  name: string;
  revision: string | undefined;
  digest: string;
}

/** The models that come with the project. */
const STARTERS_DIR = fileURLToPath(new URL('../../models', import.meta.url));

const HOW_TO_GET =
  'Set MODELS_DIR to a folder with models and their manifest.json, or run `npx limelight models pull`.';

/**
 * The first model for the task whose output kind the caller can read.
 * @throws PipelineError MODEL_MISSING if no folder has one; MODEL_INVALID if a manifest or file is damaged
 */
export async function findModel(
  task: ModelTask,
  kinds: readonly string[],
  { dir, cacheDir }: ModelFolders,
): Promise<FoundModel> {
  for (const folder of [...foldersOf({ dir, cacheDir }), STARTERS_DIR]) {
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

/** Like `findModel`, for models without a contract. @returns undefined if no folder has one */
export async function findModelFile(
  task: 'voice-activity' | 'lip-sync',
  kinds: readonly string[],
  folders: ModelFolders,
): Promise<ModelFile | undefined> {
  for (const folder of foldersOf(folders)) {
    const manifest = await readManifest(folder);
    const entry = manifest?.find((model) => model.task === task && kinds.includes(model.output.kind));
    if (entry) {
      const { path, digest } = await locate(folder, entry);
      return { path, digest, name: entry.name, revision: entry.revision };
    }
  }
  return undefined;
}

/** All models of the folder for the task whose output kind the caller can read, in manifest order. */
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

/** The model, its variants in the same manifest, and the starter for the task if that is another model. */
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
      `The manifest names ${path}, which does not exist. ${HOW_TO_GET}`,
      {
        cause,
      },
    );
  });
  if (entry.bytes !== undefined && entry.bytes !== size) {
    throw new PipelineError(
      'MODEL_INVALID',
      `${path} has ${size} bytes, but its manifest says ${entry.bytes}: download the model again`,
    );
  }
  return { path, digest: entry.sha256 ?? String(size) };
}

function parse<T extends z.ZodType>(schema: T, what: string, given: unknown): z.infer<T> {
  const parsed = schema.safeParse(typeof given === 'string' ? parseJson(given) : given);
  if (!parsed.success) {
    throw new PipelineError(
      'MODEL_INVALID',
      `${what} is invalid: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
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
