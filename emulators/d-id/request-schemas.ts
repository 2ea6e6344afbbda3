import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Request bodies of D-ID's OpenAPI 4.2.1, without descriptions and without scripts of type "text", which Limelight does
 * not send.
 */
const schemas = JSON.parse(readFileSync(new URL('requests.json', import.meta.url), 'utf8'));

export const CreateTalkBody = z.fromJSONSchema(schemas['POST /talks'], {
  defaultTarget: 'openapi-3.0',
}) as z.ZodType<CreateTalkBody>;

export interface CreateTalkBody {
  source_url: string;
  script: { type: 'audio'; audio_url: string };
  config?: { stitch?: boolean };
  user_data?: string;
  name?: string;
  webhook?: string;
}

/** Allowed field names of forms. */
export const IMAGE_FIELDS = Object.keys(schemas['POST /images'].properties);
export const AUDIO_FIELDS = Object.keys(schemas['POST /audios'].properties);
