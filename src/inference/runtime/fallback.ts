import type { Fallback } from '../../contracts/schemas/job-outcome.ts';
import type { FoundModel } from '../../models/find-model.ts';
import { isDeviceFailure, isOutOfMemory } from './device-failure.ts';
import { EXECUTION_PROVIDERS, type ExecutionProvider } from './session.ts';

/** The models and providers of one slot. Plain data, so it can be sent to the slot's process. */
export interface ModelPlan {
  model: FoundModel;
  /** The same model in other precisions. */
  variants?: FoundModel[];
  /** The project's own small model for the task, as the last resort. */
  starter?: FoundModel;
  /** Default: the CPU only. */
  providers?: ExecutionProvider[];
  /** Whether GPUs compute the 16-bit float variant, if there is one. */
  useFp16?: boolean;
  /** Threads of one inference on the CPU. */
  threads: number;
}

/** One way to compute a task. */
export interface Level {
  model: FoundModel;
  provider: ExecutionProvider;
  /** Side of the square input. */
  sidePx: number;
}

/**
 * The ways to compute a task, best first: the model on each provider, then the starter on the CPU.
 * @param defaultSidePx for models that take any size and whose manifest names none
 */
export function planLevels(
  { model, variants = [], starter, providers = ['cpu'], useFp16 = false }: ModelPlan,
  defaultSidePx: number,
): Level[] {
  // CPUs have no 16-bit float arithmetic: ONNX Runtime would convert back and forth.
  const onGpu = (useFp16 && variants.find(({ precision }) => precision === 'fp16')) || model;
  const toLevel = (chosen: FoundModel, provider: ExecutionProvider): Level => {
    const { shape, sidePx = defaultSidePx } = chosen.contract.input;
    return { model: chosen, provider, sidePx: shape[3] ?? sidePx };
  };
  return [
    ...EXECUTION_PROVIDERS.filter((provider) => providers.includes(provider)).map((provider) =>
      toLevel(provider === 'cpu' ? model : onGpu, provider),
    ),
    ...(starter && starter.path !== model.path ? [toLevel(starter, 'cpu')] : []),
  ];
}

/** "birefnet at 1024 px on cuda" */
export function describeLevel({ model, provider, sidePx }: Level): string {
  return `${model.contract.name} at ${sidePx} px on ${provider}`;
}

/** A model on the best level that works. It never goes back up: the next process starts at the top again. */
interface ModelWithFallback<Model> {
  /** Facts of the self-test at startup. */
  readonly facts: Record<string, string | number | boolean>;
  /** All fallbacks so far in this process. */
  readonly fallbacks: readonly Fallback[];
  /** Whether a level failed after startup: its session still holds memory, and the device may have recovered. */
  readonly degraded: boolean;
  /**
   * Runs the work, and again on each lower level if a device fails.
   * @throws what the work throws; PipelineError DEVICE_FAILED if the lowest level fails too
   */
  run<T>(work: (model: Model) => Promise<T>): Promise<T>;
}

interface FallbackOptions<Model> {
  /** Best first. */
  levels: readonly Level[];
  open(level: Level): Promise<Model>;
  /** A real run. */
  selfTest(model: Model): Promise<Record<string, string | number | boolean>>;
}

/**
 * Starts on the first level that opens and passes its self-test. The facts list providers that do not work on
 * this machine. A lack of memory counts as a fallback. All other errors on the CPU are the model's own and are thrown.
 */
export async function openWithFallback<Model>(
  options: FallbackOptions<Model>,
): Promise<ModelWithFallback<Model>> {
  const { levels, open, selfTest } = options;
  const fallbacks: Fallback[] = [];
  const unavailable: string[] = [];
  let current = 0;

  const fallBack = (error: unknown) => {
    const [from, to] = [levels[current]!, levels[current + 1]];
    if (!to) {
      throw error;
    }
    fallbacks.push({ from: describeLevel(from), to: describeLevel(to), reason: (error as Error).message });
    current += 1;
  };

  const start = async (): Promise<[Model, ModelWithFallback<Model>['facts']]> => {
    for (;;) {
      const level = levels[current]!;
      try {
        const opened = await open(level);
        return [opened, await selfTest(opened)];
      } catch (error) {
        if (isOutOfMemory(error)) {
          fallBack(error);
        } else if (level.provider !== 'cpu' && levels[current + 1]) {
          unavailable.push(`${level.provider}: ${(error as Error).message}`);
          current += 1;
        } else {
          throw error;
        }
      }
    }
  };

  let [model, facts] = await start();
  const fallbacksAtStart = fallbacks.length;
  facts = {
    ...facts,
    provider: levels[current]!.provider,
    ...(unavailable.length > 0 && { unavailable: unavailable.join('; ') }),
    ...(fallbacks.length > 0 && {
      fallbacks: fallbacks.map(({ from, to }) => `${from} -> ${to}`).join('; '),
    }),
  };
  return {
    facts,
    fallbacks,
    get degraded() {
      return fallbacks.length > fallbacksAtStart;
    },
    async run(work) {
      for (let isOpen = true; ; ) {
        try {
          model = isOpen ? model : await open(levels[current]!);
          isOpen = true;
          return await work(model);
        } catch (error) {
          if (!isDeviceFailure(error)) {
            throw error;
          }
          fallBack(error);
          isOpen = false;
        }
      }
    },
  };
}
