import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../src/errors.ts';
import { toDeviceFailure } from '../../../src/inference/runtime/device-failure.ts';
import {
  describeLevel,
  type Level,
  openWithFallback,
  planLevels,
} from '../../../src/inference/runtime/fallback.ts';
import type { ExecutionProvider } from '../../../src/inference/runtime/session.ts';
import type { FoundModel } from '../../../src/models/find-model.ts';
import { ModelContract } from '../../../src/models/model-manifest.ts';

const noMemory = () => new Error('BFCArena: Failed to allocate memory for requested buffer of size 4194304');
const noDevice = () => new Error('CUDA failure 999: unknown error ; GPU=0');

function found(name: string, side: number | null, precision?: FoundModel['precision']): FoundModel {
  const contract = ModelContract.parse({
    name,
    input: { shape: [1, 3, side, side], side_px: side ? undefined : 1024 },
    output: { kind: 'alpha' },
  });
  return { path: `/models/${name}.onnx`, contract, revision: undefined, ...(precision && { precision }) };
}

const plan = {
  model: found('big', null),
  variants: [found('half', 1024, 'fp16'), found('int8', 512, 'int8')],
  starter: found('starter', 256),
  threads: 1,
};
const providers: ExecutionProvider[] = ['cuda', 'cpu'];
const describeAll = (levels: Level[]) => levels.map(describeLevel);

describe('the levels', () => {
  it('are the model on each provider, then the starter on the CPU', () => {
    expect(describeAll(planLevels({ ...plan, providers }, 512))).toEqual([
      'big at 1024 px on cuda',
      'big at 1024 px on cpu',
      'starter at 256 px on cpu',
    ]);
  });

  it('have the 16-bit variant on GPUs only, if it is wanted', () => {
    const levels = planLevels({ ...plan, providers: ['cpu', 'cuda', 'tensorrt'], useFp16: true }, 512);
    expect(describeAll(levels)).toEqual([
      'half at 1024 px on tensorrt',
      'half at 1024 px on cuda',
      'big at 1024 px on cpu',
      'starter at 256 px on cpu',
    ]);
  });

  it('are one level if the starter is the model, at the default size if the manifest names none', () => {
    const model = found('starter', null);
    delete model.contract.input.sidePx;
    expect(describeAll(planLevels({ model, starter: model, threads: 1 }, 512))).toEqual([
      'starter at 512 px on cpu',
    ]);
  });
});

/** Opens levels that fail as given, each time they are opened, tested or run. */
async function openFailing(fails: {
  open?: Record<string, Error>;
  run?: Record<string, Error>;
  test?: Record<string, Error>;
}) {
  const failOr = (how: Record<string, Error> | undefined, name: string) => {
    const error = Object.entries(how ?? {}).find(([part]) => name.includes(part))?.[1];
    if (error) {
      throw toDeviceFailure(error, name);
    }
    return name;
  };
  const model = await openWithFallback({
    levels: planLevels({ ...plan, providers }, 512),
    open: async (level) => ({ name: failOr(fails.open, describeLevel(level)) }),
    selfTest: async ({ name }) => ({ model: failOr(fails.test, name) }),
  });
  return { model, run: () => model.run(async ({ name }) => failOr(fails.run, name)) };
}

describe('a model with fallback', () => {
  it('stays on its level while nothing fails', async () => {
    const { model, run } = await openFailing({});
    await expect(run()).resolves.toBe('big at 1024 px on cuda');
    expect(model).toMatchObject({ fallbacks: [], degraded: false, facts: { provider: 'cuda' } });
  });

  it.each([
    ['memory is short', noMemory()],
    ['the device fails', noDevice()],
  ])('moves to the CPU if %s, reports it, and is degraded from then on', async (_, error) => {
    const { model, run } = await openFailing({ run: { cuda: error } });
    await expect(run()).resolves.toBe('big at 1024 px on cpu');
    expect(model.fallbacks).toEqual([
      {
        from: 'big at 1024 px on cuda',
        to: 'big at 1024 px on cpu',
        reason: expect.stringContaining(error.message),
      },
    ]);
    expect(model.degraded).toBe(true);
    await expect(run()).resolves.toBe('big at 1024 px on cpu');
    expect(model.fallbacks).toHaveLength(1);
  });

  it('tries the starter before it gives up, even if a level does not open', async () => {
    const { model, run } = await openFailing({
      run: { cuda: noMemory() },
      open: { 'big at 1024 px on cpu': noMemory() },
    });
    await expect(run()).resolves.toBe('starter at 256 px on cpu');
    expect(model.fallbacks.map(({ to }) => to)).toEqual([
      'big at 1024 px on cpu',
      'starter at 256 px on cpu',
    ]);
  });

  it('rejects with DEVICE_FAILED, which is retryable, if no level works', async () => {
    const { run } = await openFailing({ run: { ' at ': noMemory() } });
    await expect(run()).rejects.toMatchObject({ code: 'DEVICE_FAILED', retryable: true });
  });

  it('does not fall back after an error that the device did not cause', async () => {
    const nobody = new PipelineError('PERSON_NOT_FOUND', 'Nobody is there');
    const { model } = await openFailing({});
    await expect(model.run(async () => Promise.reject(nobody))).rejects.toBe(nobody);
    expect(model.fallbacks).toEqual([]);
  });

  it('skips a provider that does not work on this machine, and reports the reason in its facts', async () => {
    const { model, run } = await openFailing({ open: { cuda: new Error('Failed to load shared library') } });
    await expect(run()).resolves.toBe('big at 1024 px on cpu');
    expect(model).toMatchObject({
      fallbacks: [],
      degraded: false,
      facts: { provider: 'cpu', unavailable: 'cuda: Failed to load shared library' },
    });
  });

  it('starts on the CPU if memory is short at startup, and is not degraded by that', async () => {
    const { model } = await openFailing({ test: { cuda: noMemory() } });
    expect(model).toMatchObject({
      degraded: false,
      facts: { model: 'big at 1024 px on cpu', provider: 'cpu', fallbacks: expect.stringContaining('->') },
    });
    expect(model.fallbacks).toHaveLength(1);
  });

  it('rejects a model that returns nonsense on the CPU', async () => {
    const nonsense = new PipelineError('MODEL_INVALID', 'The model was not exported correctly');
    await expect(openFailing({ test: { big: nonsense } })).rejects.toBe(nonsense);
  });
});
