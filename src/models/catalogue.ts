import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ManifestEntry } from '../inference/runtime/model-manifest.ts';

/** A model that can be pulled. `sha256` is pinned with the first download where the catalogue does not know it. */
const CatalogueEntry = ManifestEntry.extend({
  /** Absent where the model is only in archives: then it comes from a folder or a mirror. */
  source: z.url().optional(),
  /** Where a person reads about it. */
  page: z.url(),
  license: z.string(),
  license_url: z.url().optional(),
  /** Whether its licence binds who runs a service with it, so that a person must accept it. */
  must_accept: z.boolean().default(false),
});
export type CatalogueEntry = z.infer<typeof CatalogueEntry>;

export async function readCatalogue(): Promise<CatalogueEntry[]> {
  const text = await readFile(new URL('./catalogue.json', import.meta.url), 'utf8');
  return z.array(CatalogueEntry).parse(JSON.parse(text));
}
