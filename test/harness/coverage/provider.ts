/** Vitest's own coverage, and with it what ran in the processes and threads that tests started. */
import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
// @ts-expect-error It has no types.
import { mergeProcessCovs } from '@bcoe/v8-coverage';
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js';
import type { ReportContext, Vitest } from 'vitest/node';
import { loadWorkflowBundle } from '../../../src/temporal/workflow-bundle.ts';

interface ScriptCoverage {
  url: string;
  functions: unknown[];
}

/** How many records are merged at a time. */
const BATCH = 50;

class CoverageProvider extends V8CoverageProvider {
  #folder = '';

  override initialize(vitest: Vitest): void {
    super.initialize(vitest);
    this.#folder = mkdtempSync(join(tmpdir(), 'limelight-coverage-'));
    process.env.LIMELIGHT_COVERAGE = this.#folder;
  }

  override async generateCoverage(context: ReportContext) {
    const map = await super.generateCoverage(context);
    for (const { url, functions } of await mergeRecords(this.#folder)) {
      const source = await codeOf(url);
      if (source) {
        // biome-ignore lint/complexity/useLiteralKeys: the method is private.
        map.merge(await this['remapCoverage'](url, 0, source, functions));
      }
    }
    map.filter((file: string) => this.isIncluded(file));
    await rm(this.#folder, { recursive: true });
    return map;
  }
}

async function mergeRecords(folder: string): Promise<ScriptCoverage[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  let merged: { result: ScriptCoverage[] } = { result: [] };
  for (let at = 0; at < names.length; at += BATCH) {
    const records = await Promise.all(
      names.slice(at, at + BATCH).map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))),
    );
    merged = mergeProcessCovs([merged, ...records]);
  }
  return merged.result;
}

/**
 * The text that V8 ran, and how its places are found in the source. Returns `undefined` for a bundle of a test's own, such as
 * one with a fault.
 */
async function codeOf(url: string): Promise<{ code: string; map?: unknown } | undefined> {
  if (!url.includes('workflow-bundle-')) {
    // Types become blanks, so that everything else is where it was.
    return { code: stripTypeScriptTypes(await readFile(fileURLToPath(url), 'utf8')) };
  }
  for (const encryptsFailures of [true, false]) {
    const { code } = (await loadWorkflowBundle({ encryptsFailures })) as { code: string };
    const [, encoded] = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(.*)\s*$/.exec(code)!;
    const map = JSON.parse(Buffer.from(encoded!, 'base64').toString());
    if (url.includes(map.file)) {
      return { code, map: { ...map, sources: map.sources.map((path: string) => pathToFileURL(path).href) } };
    }
  }
  return undefined;
}

export const createProvider = () => new CoverageProvider();
