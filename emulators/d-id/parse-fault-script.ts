import { PipelineError } from '../../src/errors.ts';
import { CALLS, type Call, type ErrorAnswer, type Fault, type FaultPlan, scriptedFaults } from './faults.ts';

/** What a script may answer, by status. Answers without an `error` come from the gateway. */
const ANSWERS: Record<number, Omit<ErrorAnswer, 'status'>> = {
  400: { error: 'BadRequestError' },
  401: { error: 'AuthorizationError', description: 'user unauthenticated' },
  402: { error: 'InsufficientCreditsError', description: 'not enough credits' },
  403: { error: 'PermissionError', description: 'user has no permission for stitch' },
  404: { error: 'NotFoundError', description: 'not found' },
  408: { error: 'RequestTimeout' },
  409: { error: 'ConflictError' },
  415: { error: 'UnsupportedMimeTypeError' },
  425: { error: 'TooEarly' },
  429: {},
  451: { error: 'ImageModerationError' },
  500: {},
  502: {},
  503: {},
  504: {},
};
const RETRY_AFTER_S = 5;
const SCRIPTABLE = CALLS.filter((call) => call !== 'talk' && call !== 'webhook');

/**
 * Parses a script such as `createTalk=504,ok,429 readTalk=503`. After a 502 or 504 the call still takes effect, as behind
 * a gateway that timed out.
 * @throws PipelineError INPUT_INVALID
 */
export function parseFaultScript(text: string): FaultPlan {
  const script: Partial<Record<Call, Array<Fault | undefined>>> = {};
  for (const part of text.trim().split(/\s+/)) {
    const [call = '', answers = ''] = part.split('=');
    if (!isCall(call)) {
      throw new PipelineError(
        'INPUT_INVALID',
        `Expected a call before "=", one of ${SCRIPTABLE.join(', ')}, but received "${call}".`,
      );
    }
    script[call] = [...(script[call] ?? []), ...answers.split(',').map(toFault)];
  }
  return scriptedFaults(script);
}

function toFault(answer: string): Fault | undefined {
  if (answer === 'ok') {
    return undefined;
  }
  const status = Number(answer);
  const known = ANSWERS[status];
  if (!known) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected "ok" or one of ${Object.keys(ANSWERS).join(', ')} as a status, but received "${answer}".`,
    );
  }
  return {
    kind: 'answer',
    status,
    ...known,
    ...(status === 429 && { retryAfterS: RETRY_AFTER_S }),
    ...((status === 502 || status === 504) && { after: true }),
  };
}

function isCall(name: string): name is Call {
  return (SCRIPTABLE as readonly string[]).includes(name);
}
