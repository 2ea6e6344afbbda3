import { OpenAPIHono, type z } from '@hono/zod-openapi';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';

/**
 * Declares routes. `createRoutes().openapi(createRoute({…}), handler)` documents a route in `/openapi.json`, and checks its
 * parameters and JSON bodies before the handler runs.
 */
export function createRoutes(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) {
        throw toInvalid(result.error);
      }
    },
  });
}

function toInvalid({ issues }: z.core.$ZodError): PipelineError {
  const faults = issues.flatMap((issue): Array<[string, string]> => {
    const name = issue.path.join('.') || 'body';
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [key, 'unknown field'])
      : [[name, issue.message]];
  });
  return new PipelineError('INPUT_INVALID', faults.map(([name, fault]) => `${name}: ${fault}`).join('; '), {
    details: Object.fromEntries(faults),
  });
}
