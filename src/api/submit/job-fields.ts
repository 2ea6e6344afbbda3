import { z } from '@hono/zod-openapi';
import { CONSENT_TEXT_IDS } from '../../contracts/consent.ts';
import { WEBHOOK_EVENTS } from '../../contracts/job.ts';
import { acceptedTypes, listLabels, type MediaKind } from '../../contracts/media-types.ts';
import { JobOptions } from '../../contracts/schemas/job-options.ts';

/**
 * The fields of a submission. Each option of a job is a field of the same name: its check, its default and its
 * documentation come from the schema of the options, so a new option needs no line here.
 */
const MAX_URL_LENGTH = 2048;

const urlField = (description: string) =>
  z.string().max(MAX_URL_LENGTH).refine(URL.canParse).optional().meta({
    title: 'an https URL',
    format: 'uri',
    description,
  });

/** What the fields hold, as values. */
const Values = JobOptions.extend({
  conf_threshold: JobOptions.shape.conf_threshold.optional(),
  // `findProviderFaults` checks the name against the registry.
  provider: z
    .string()
    .default('auto')
    .describe(
      'The name of a provider. `auto` is the first provider of `GET /api/info` that can make the video: a `transparent` background needs one with alpha.',
    ),
  image_url: urlField('URL of the photo, in place of `image`.'),
  audio_url: urlField('URL of the recording, in place of `audio`.'),
  webhook_url: urlField('Receives a webhook with a Standard Webhooks signature when the task ends.'),
  webhook_events: z
    .enum(WEBHOOK_EVENTS)
    .optional()
    .meta({ description: '`all` sends a webhook for each stage too.', default: 'end' }),
  consent: z
    .enum(CONSENT_TEXT_IDS)
    .optional()
    .describe(
      'Declares that the people in the files have agreed: the id of one of the texts of `GET /api/info`. It is recorded with the time and the name of the API key. A server may require it.',
    ),
});

/** The text fields of a submission, as clients write them. Unknown fields are refused by name. */
export const JOB_FIELDS = toTextFields(Values);

/** A form's text fields that stand for the values of a schema. */
export function toTextFields<Shape extends z.ZodRawShape>({ shape }: z.ZodObject<Shape>) {
  type Fields = z.infer<z.ZodObject<Shape>>;
  return z.strictObject(
    Object.fromEntries(
      Object.entries(shape).map(([name, schema]) => [name, toTextField(schema as z.ZodType)]),
    ) as unknown as { [Name in keyof Fields]-?: z.ZodType<Fields[Name], string | undefined> },
  );
}

/** A field whose text stands for a value of the schema. */
function toTextField(schema: z.ZodType) {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const value = z
    .string()
    .transform((text, context) => {
      const parsed = toCandidates(text)
        .map((candidate) => schema.safeParse(candidate))
        .find(({ success }) => success);
      if (!parsed) {
        const received = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
        context.addIssue({
          code: 'custom',
          message: `expected ${describeExpected(json)} but received ${received}`,
        });
        return z.NEVER;
      }
      return parsed.data;
    })
    .openapi({ ...json, type: typesOf(json) } as object);
  const absent = schema.safeParse(undefined);
  return absent.data === undefined ? value.optional() : value.default(absent.data);
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)$/;

/** A text may stand for itself, for a number or for a boolean. No schema accepts more than one of them. */
function toCandidates(text: string): unknown[] {
  return [
    text,
    ...(DECIMAL.test(text) ? [Number(text)] : []),
    ...(text === 'true' || text === 'false' ? [text === 'true'] : []),
  ];
}

/** The JSON types of all alternatives. The type of the text alone would contradict them. */
function typesOf({ type, anyOf }: Json): string | string[] | undefined {
  return anyOf ? [...new Set((anyOf as Json[]).map((one) => String(one.type)))] : type;
}

type Json = z.core.JSONSchema.BaseSchema;

/** "a whole number from 1 to 5", "wait, local or fail". */
function describeExpected(json: Json): string {
  return list(toAlternatives(json));
}

function toAlternatives(json: Json): string[] {
  const { title, type, minimum, maximum } = json;
  if (title) return [title];
  if (json.anyOf) return (json.anyOf as Json[]).flatMap(toAlternatives);
  if (json.enum) return json.enum.map(String);
  if (type === 'boolean') return ['true', 'false'];
  return [`a ${type === 'integer' ? 'whole number' : 'number'} from ${minimum} to ${maximum}`];
}

function list(words: string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const file = (description: string) => z.string().openapi({ format: 'binary', description });

/** A submission as OpenAPI documents it. `parseJobForm` decides what is accepted. */
export const createSubmission = (providers: readonly string[]) =>
  JOB_FIELDS.extend({
    provider: z
      .enum(['auto', ...providers])
      .default('auto')
      .describe(Values.shape.provider.description!),
    image: file(`${listLabels('picture')}, at most 25 MB and 50 megapixels; or an \`image_url\`.`).optional(),
    audio: file(`${listLabels('recording')}, at most 50 MB and 10 minutes; or an \`audio_url\`.`).optional(),
    background_image: file('A picture like `image`. It needs `background=image`.').optional(),
  });

export const listMimes = (kind: MediaKind) =>
  acceptedTypes(kind)
    .flatMap(({ mimes }) => mimes)
    .join(', ');

/** A reference: with the schema itself, Hono would read the whole body into memory. Bodies are streamed to files. */
export const SUBMIT_CONTENT = {
  'multipart/form-data': {
    schema: { $ref: '#/components/schemas/Submission' },
    encoding: {
      image: { contentType: listMimes('picture') },
      audio: { contentType: listMimes('recording') },
      background_image: { contentType: listMimes('picture') },
    },
  },
};
