import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ModelHealth } from '../../contracts/schemas/health.ts';
import type { SelfTestName } from '../../contracts/self-test.ts';
import { PipelineError } from '../../errors.ts';
import type { ApiEnv } from '../http/api-env.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

const CACHE_MS = 10_000;

interface Health {
  status: 'ok' | 'failing';
  checked_at: string;
  [fact: string]: unknown;
}

const health = <const P extends string>(path: P, summary: string) => {
  const answer = (description: string) => ({
    description,
    content: { 'application/json': { schema: ModelHealth } },
  });
  return createRoute({
    method: 'get',
    path,
    tags: ['Health'],
    summary,
    responses: { ...problems(), 200: answer('The model works.'), 503: answer('The model fails, and why.') },
  });
};

const personDetection = health('/api/person-detection/health', 'Whether people can be detected now');
const backgroundRemoval = health('/api/background-removal/health', 'Whether people can be cut out now');

/** Each check runs its model on a built-in picture. The result is kept for 10 s, and answered as 200 or 503. */
export function modelHealthRoutes({
  models,
  now = Date.now,
}: Pick<ApiDeps, 'models'> & { now?: () => number }) {
  const answers = new Map<SelfTestName, { at: number; health: Promise<Health> }>();

  const check = async (name: SelfTestName): Promise<Health> => {
    const checked_at = new Date(now()).toISOString();
    try {
      return { status: 'ok', checked_at, ...(await models.selfTest(name)) };
    } catch (error) {
      if (!(error instanceof PipelineError)) {
        throw error;
      }
      return { status: 'failing', checked_at, code: error.code, message: error.message };
    }
  };

  const answer = (name: SelfTestName) => async (c: Context<ApiEnv>) => {
    let latest = answers.get(name);
    if (!latest || now() - latest.at >= CACHE_MS) {
      latest = { at: now(), health: check(name) };
      answers.set(name, latest);
      // An unexpected failure is not kept.
      latest.health.catch(() => answers.delete(name));
    }
    const health = await latest.health;
    c.header('Cache-Control', 'no-store');
    return c.json(health, health.status === 'ok' ? 200 : 503);
  };

  return createRoutes()
    .openapi(personDetection, answer('person-detection'))
    .openapi(backgroundRemoval, answer('background-removal'));
}
