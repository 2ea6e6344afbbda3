import { PipelineError } from '../../errors.ts';

const MAX_WAIT_S = 300;

/**
 * How many seconds the client wants to wait for the end: `?wait=N`, else `Prefer: wait=N` (RFC 7240), at most 300.
 * An invalid `Prefer` is ignored, as the RFC requires.
 */
export function parseWait(query: string | undefined, prefer: string | undefined): number | undefined {
  if (query !== undefined && !/^\d{1,9}$/.test(query)) {
    throw new PipelineError('INPUT_INVALID', `wait: expected whole seconds but received "${query}".`);
  }
  const asked = query ?? prefer?.match(/(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i)?.[1];
  return asked === undefined ? undefined : Math.min(Number(asked), MAX_WAIT_S);
}
