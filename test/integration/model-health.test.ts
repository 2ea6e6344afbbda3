import { afterAll, beforeAll, expect, it } from 'vitest';
import { needs } from '../harness/needs.ts';
import { startWorkerStack, type WorkerStack } from '../harness/stack/worker-stack.ts';

needs('MODELS_DIR').describe('the models as the API reports them', () => {
  let stack: WorkerStack;
  beforeAll(async () => {
    stack = await startWorkerStack();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
  });
  const get = async (path: string) => {
    const answer = await fetch(`${stack.apiUrl}${path}`);
    return { status: answer.status, body: await answer.json() };
  };

  it.each(['person-detection', 'background-removal'])(
    '%s is healthy: its slot ran the drawing',
    async (name) => {
      expect(await get(`/api/${name}/health`)).toMatchObject({
        status: 200,
        body: { status: 'ok', score: expect.any(Number), timings_ms: { model: expect.any(Number) } },
      });
    },
  );

  it('name the execution provider that each slot really uses', async () => {
    const { body } = await get('/api/gpu');
    expect(body).toMatchObject({
      queues: { yolo: { waiting: 0, slots: 2 }, birefnet: { waiting: 0, slots: 1 } },
      workers: [
        { slots: { yolo: [{ state: 'idle' }, {}], birefnet: [{ facts: { provider: expect.any(String) } }] } },
      ],
    });
  });
});
