import { z } from '@hono/zod-openapi';
import { ERROR_CODES, type ErrorCode } from '../../contracts/error-codes.ts';
import { PipelineError } from '../../errors.ts';
import { toProblem } from '../http/problem.ts';

export const Problem = z
  .object({
    type: z.string().openapi({ example: 'urn:limelight:problem:task-not-found' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z
      .string()
      .openapi({ description: 'For a person: what was expected, what came, and what to change.' }),
    instance: z.string().openapi({ description: 'The path of the request.' }),
    code: z.string().openapi({ description: 'For a program. Codes are added, never renamed.' }),
    task_id: z.string().optional(),
    details: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .openapi({ description: 'Facts, such as each wrong field with its fault.' }),
  })
  .openapi('Problem', { description: 'A problem document (RFC 9457).' });

const RETRY_AFTER = {
  'Retry-After': {
    schema: { type: 'integer' as const, minimum: 0 },
    description: 'Seconds after which the same request may succeed.',
  },
};
const COME_BACK: readonly number[] = [429, 503, 507];

/** What every route may answer: something unexpected, and a request whose line and headers are too long to be read. */
const ALWAYS: readonly ErrorCode[] = ['HEADERS_TOO_LARGE', 'INTERNAL'];

/** The refusals of a route, by code, in the form that `createRoute` takes among its `responses`. */
export function problems(...codes: ErrorCode[]) {
  const byStatus = Map.groupBy([...codes, ...ALWAYS], (code) => ERROR_CODES[code].status);
  return Object.fromEntries([...byStatus].map(([status, found]) => [status, toResponse(status, found)]));
}

function toResponse(status: number, codes: ErrorCode[]) {
  const example = (code: ErrorCode) =>
    toProblem(new PipelineError(code, 'What was expected, what came.'), '/api/…');
  return {
    description: codes.join(', '),
    content: {
      'application/problem+json': {
        schema: Problem,
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
      },
    },
    ...(COME_BACK.includes(status) && { headers: RETRY_AFTER }),
  };
}

/** The same as plain OpenAPI, for what is not a route's own. */
export function describeProblems(codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(codes, (code) => ERROR_CODES[code].status);
  const refer = (status: number, found: ErrorCode[]) => {
    const { content, ...response } = toResponse(status, found);
    const { examples } = content['application/problem+json'];
    return {
      ...response,
      content: {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples },
      },
    };
  };
  return Object.fromEntries([...byStatus].map(([status, found]) => [String(status), refer(status, found)]));
}
