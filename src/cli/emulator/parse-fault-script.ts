import {
  CALLS,
  type Call,
  type Fault,
  type FaultPlan,
  scriptedFaults,
} from '../../../emulators/d-id/faults.ts';
import { PipelineError } from '../../errors.ts';

/** Answers that can be asked for by their status, with the word that D-ID has for them. */
const ERRORS: Record<number, string> = {
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
const ANSWERED = CALLS.filter((call) => call !== 'talk' && call !== 'webhook');

/**
 * Faults as a person writes them: `createTalk=504,ok,429`, several calls by blanks. A gateway that gave up (502, 504) gave up
 * after the work was done. @throws PipelineError INPUT_INVALID
 */
export function toldFaults(text: string): FaultPlan {
  const script: Partial<Record<Call, Array<Fault | undefined>>> = {};
  for (const part of text.trim().split(/\s+/)) {
    const [call = '', answers = ''] = part.split('=');
    if (!isCall(call)) {
      throw new PipelineError(
        'INPUT_INVALID',
        `Expected a call before "=", one of ${ANSWERED.join(', ')}, but received "${call}".`,
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
  const error = ERRORS[status];
  if (!error) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected "ok" or one of ${Object.keys(ERRORS).join(', ')} as an answer of the emulator, but received "${answer}".`,
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
  return (ANSWERED as readonly string[]).includes(name);
}
