import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ModelHealth } from '../../contracts/schemas/health.ts';
import type { SelfTestName } from '../../contracts/self-test.ts';
import { PipelineError } from '../../errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { ApiEnv } from '../http/api-env.ts';
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
    tags: ['Operation'],
    summary,
    responses: { ...problems(), 200: answer('The model answers.'), 503: answer('It does not, and why.') },
  });
};

const personDetection = health('/api/person-detection/health', 'Whether persons can be found now');
const backgroundRemoval = health('/api/background-removal/health', 'Whether persons can be cut out now');

/** Each runs its model on a picture of the project's own; for 10 s everybody gets the same answer, as 200 or 503. */
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
      // What nobody expected is not an answer to keep.
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
