import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../src/errors.ts';
import { toDeviceFailure } from '../../../src/inference/runtime/device-failure.ts';
import type { ExecutionProvider } from '../../../src/inference/runtime/execution-provider.ts';
import { createLadder } from '../../../src/inference/runtime/fallback.ts';
import { describeRung, planRungs, type Rung } from '../../../src/inference/runtime/fallback-levels.ts';
import type { FoundModel } from '../../../src/inference/runtime/find-model.ts';
import { ModelContract } from '../../../src/inference/runtime/model-manifest.ts';

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
const describeAll = (rungs: Rung[]) => rungs.map(describeRung);

describe('the rungs', () => {
  it('are smaller inputs, then variants, then the CPU, then the starter', () => {
    expect(describeAll(planRungs({ ...plan, providers }, [1024, 768, 512], 512))).toEqual([
      'big at 1024 px on cuda',
      'big at 768 px on cuda',
      'big at 512 px on cuda',
      'half at 1024 px on cuda',
      'int8 at 512 px on cuda',
      'big at 1024 px on cpu',
      'big at 768 px on cpu',
      'big at 512 px on cpu',
      'int8 at 512 px on cpu',
      'starter at 256 px on cpu',
    ]);
  });

  it('begin with 16-bit floats where they are wanted, and have one for TensorRT', () => {
    const rungs = planRungs({ ...plan, providers: ['tensorrt', 'cuda', 'cpu'], useFp16: true }, [1024], 512);
    expect(describeAll(rungs).slice(0, 3)).toEqual([
      'half at 1024 px on tensorrt',
      'half at 1024 px on cuda',
      'big at 1024 px on cuda',
    ]);
  });
});

/** Rungs that fail as told, each time they are opened or run. */
function climb(fails: {
  open?: Record<string, Error>;
  run?: Record<string, Error>;
  test?: Record<string, Error>;
}) {
  const rungs = planRungs({ ...plan, providers }, [1024, 768, 512], 512);
  const refuse = (how: Record<string, Error> | undefined, name: string) => {
    const error = Object.entries(how ?? {}).find(([part]) => name.includes(part))?.[1];
    if (error) {
      throw toDeviceFailure(error, name);
    }
    return name;
  };
  return createLadder({
    rungs,
    open: async (rung) => ({ name: refuse(fails.open, describeRung(rung)) }),
    selfTest: async ({ name }) => ({ model: refuse(fails.test, name) }),
  }).then((ladder) => ({
    ladder,
    run: () => ladder.run(async ({ name }) => refuse(fails.run, name)),
  }));
}

describe('the ladder', () => {
  it('stays where it is while nothing fails', async () => {
    const { ladder, run } = await climb({});
    await expect(run()).resolves.toBe('big at 1024 px on cuda');
    expect(ladder).toMatchObject({ steps: [], worn: false, facts: { provider: 'cuda' } });
  });

  it('takes a smaller input where memory is short, tells so, and is worn from then on', async () => {
    const { ladder, run } = await climb({ run: { 'big at 1024 px on cuda': noMemory() } });
    await expect(run()).resolves.toBe('big at 768 px on cuda');
    expect(ladder.steps).toEqual([
      {
        from: 'big at 1024 px on cuda',
        to: 'big at 768 px on cuda',
        reason: expect.stringContaining('Failed to allocate'),
      },
    ]);
    expect(ladder.worn).toBe(true);
  });

  it('leaves a device that fails for other reasons at once', async () => {
    const { ladder, run } = await climb({ run: { cuda: noDevice() } });
    await expect(run()).resolves.toBe('big at 1024 px on cpu');
    expect(ladder.steps).toHaveLength(1);
  });

  it('goes down to the starter before it gives up, also where rungs do not even open', async () => {
    const { ladder, run } = await climb({
      run: { cuda: noMemory(), 'big at': noMemory() },
      open: { 'half at': noMemory(), int8: noMemory() },
    });
    await expect(run()).resolves.toBe('starter at 256 px on cpu');
    expect(ladder.steps.map(({ to }) => to)).toEqual(
      describeAll(planRungs({ ...plan, providers }, [1024, 768, 512], 512)).slice(1),
    );
  });

  it('rejects with DEVICE_FAILED, which is tried again, where nothing holds', async () => {
    const { run } = await climb({ run: { ' at ': noMemory() } });
    await expect(run()).rejects.toMatchObject({ code: 'DEVICE_FAILED', retryable: true });
  });

  it('does not step down for what is no failure of the device', async () => {
    const nobody = new PipelineError('PERSON_NOT_FOUND', 'Nobody is there');
    const { ladder } = await climb({});
    await expect(ladder.run(async () => Promise.reject(nobody))).rejects.toBe(nobody);
    expect(ladder.steps).toEqual([]);
  });

  it('passes over a provider that does not work here, and says why in its facts', async () => {
    const { ladder, run } = await climb({ open: { cuda: new Error('Failed to load shared library') } });
    await expect(run()).resolves.toBe('big at 1024 px on cpu');
    expect(ladder).toMatchObject({
      steps: [],
      worn: false,
      facts: { provider: 'cpu', unavailable: 'cuda: Failed to load shared library' },
    });
  });

  it('begins lower where memory is short at the start, and is not worn by it', async () => {
    const { ladder } = await climb({ test: { 'big at 1024 px on cuda': noMemory() } });
    expect(ladder).toMatchObject({
      worn: false,
      facts: { model: 'big at 768 px on cuda', provider: 'cuda' },
    });
    expect(ladder.steps).toHaveLength(1);
  });

  it('refuses a model that answers nonsense on the CPU', async () => {
    const nonsense = new PipelineError('MODEL_INVALID', 'The model was exported wrongly');
    await expect(climb({ test: { big: nonsense } })).rejects.toBe(nonsense);
  });
});
