import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Request bodies of D-ID's OpenAPI 4.2.1, without their texts and without the scripts of type "text", which nobody here
 * sends.
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

/** The names of the fields that a form may have. */
export const IMAGE_FIELDS = Object.keys(schemas['POST /images'].properties);
export const AUDIO_FIELDS = Object.keys(schemas['POST /audios'].properties);
