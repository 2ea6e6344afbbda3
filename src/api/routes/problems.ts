import { ERROR_CODES, type ErrorCode } from '../../contracts/error-codes.ts';
import { Problem } from '../../contracts/schemas/problem.ts';
import { PipelineError } from '../../errors.ts';
import { RETRYABLE_STATUSES, toProblem } from '../http/problem.ts';

const RETRY_AFTER = {
  'Retry-After': {
    schema: { type: 'integer' as const, minimum: 0 },
    description: 'Seconds after which the same request may succeed.',
  },
};

/**
 * Every route may answer these: a request whose line and headers are too long, a store that does not respond (the API keys
 * are there), and an unexpected failure.
 */
const ALWAYS: readonly ErrorCode[] = ['HEADERS_TOO_LARGE', 'STORAGE_UNAVAILABLE', 'INTERNAL'];

/** The problem documents that a route may answer with, for the `responses` of `createRoute`. */
export function problems(...codes: ErrorCode[]) {
  const byStatus = Map.groupBy([...codes, ...ALWAYS], (code) => ERROR_CODES[code].status);
  return Object.fromEntries([...byStatus].map(([status, found]) => [status, toResponse(status, found)]));
}

function toResponse(status: number, codes: ErrorCode[]) {
  const example = (code: ErrorCode) =>
    toProblem(new PipelineError(code, 'What was expected, what was received.'), '/api/…');
  return {
    description: codes.join(', '),
    content: {
      'application/problem+json': {
        schema: Problem,
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
      },
    },
    ...(RETRYABLE_STATUSES.has(status) && { headers: RETRY_AFTER }),
  };
}

/** The same as plain OpenAPI, for problems that do not come from the route itself. */
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
