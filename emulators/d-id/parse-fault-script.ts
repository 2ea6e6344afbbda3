import { PipelineError } from '../../src/errors.ts';
import { CALLS, type Call, type Fault, type FaultPlan, scriptedFaults } from './faults.ts';

/** D-ID's error kind for each status that a script may contain. */
const ERROR_KINDS: Record<number, string> = {
  400: 'BadRequestError',
  401: 'AuthorizationError',
  402: 'InsufficientCreditsError',
  403: 'PermissionError',
  408: 'RequestTimeout',
  429: 'TooManyRequests',
  451: 'ImageModerationError',
  500: 'InternalServerError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
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
  const error = ERROR_KINDS[status];
  if (!error) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected "ok" or one of ${Object.keys(ERROR_KINDS).join(', ')} as a status, but received "${answer}".`,
    );
  }
  return {
    kind: 'answer',
    status,
    error,
    ...(status === 429 && { retryAfterS: RETRY_AFTER_S }),
    ...((status === 502 || status === 504) && { after: true }),
  };
}

function isCall(name: string): name is Call {
  return (SCRIPTABLE as readonly string[]).includes(name);
}
