import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ManifestEntry, SHA256 } from './model-manifest.ts';

/** A model that can be pulled. If the entry has no `sha256`, the pull requires the one that the publisher shows. */
const CatalogueEntry = ManifestEntry.extend({
  sha256: z.string().regex(SHA256).optional(),
  /** Absent if the model is published only in archives. It then comes from a folder or a mirror. */
  source: z.url({ protocol: /^https$/ }).optional(),
  /** Home page of the model. */
  page: z.url(),
  license: z.string(),
  license_url: z.url().optional(),
  /** Whether the licence restricts running a service with the model, so the user must accept it. */
  must_accept: z.boolean().default(false),
});
export type CatalogueEntry = z.infer<typeof CatalogueEntry>;

export async function readCatalogue(): Promise<CatalogueEntry[]> {
  const text = await readFile(new URL('./catalogue.json', import.meta.url), 'utf8');
  return z.array(CatalogueEntry).parse(JSON.parse(text));
}
