import { EXECUTION_PROVIDERS, type ExecutionProvider } from './execution-provider.ts';
import type { FoundModel } from './find-model.ts';

/** What a slot is given to compute with: plain data, as it travels to the slot. */
export interface ModelPlan {
  model: FoundModel;
  /** The same model in other precisions or smaller, best first. */
  variants?: FoundModel[];
  /** The project's own model for the task, for when all else fails. */
  starter?: FoundModel;
  /** Providers that may be tried; default: the CPU alone. */
  providers?: ExecutionProvider[];
  /** Whether a variant of 16-bit floats comes first on a GPU. */
  useFp16?: boolean;
  /** Threads of one inference on the CPU. */
  threads: number;
}

/** One way to compute a task. */
export interface Rung {
  model: FoundModel;
  provider: ExecutionProvider;
  /** For models that take any size. */
  sidePx: number;
}

/**
 * The ways to compute a task, best first: for each provider the model at ever smaller inputs, then its variants; at last
 * the starter on the CPU. TensorRT, which compiles each of them for minutes, gets the best one only.
 * @param sides of square inputs, largest first, for models that take any.
 * @param defaultPx where the manifest names no side for such a model.
 */
export function planRungs(
  { model, variants = [], starter, providers = ['cpu'], useFp16 = false }: ModelPlan,
  sides: readonly number[],
  defaultPx: number,
): Rung[] {
  const fp16 = variants.filter(({ precision }) => precision === 'fp16');
  const onProvider = (provider: ExecutionProvider): Rung[] => {
    const gpu = provider !== 'cpu';
    const models =
      gpu && useFp16
        ? [...fp16, model, ...variants.filter((one) => !fp16.includes(one))]
        : [model, ...variants];
    // CPUs have no arithmetic for 16-bit floats: ONNX Runtime would convert back and forth.
    const fitting = gpu ? models : models.filter((one) => !fp16.includes(one));
    const rungs = fitting.flatMap((one) => atSides(one, provider, sides, defaultPx));
    return provider === 'tensorrt' ? rungs.slice(0, 1) : rungs;
  };
  return [
    ...EXECUTION_PROVIDERS.filter((provider) => providers.includes(provider)).flatMap(onProvider),
    ...(starter && starter.path !== model.path ? atSides(starter, 'cpu', sides, defaultPx) : []),
  ];
}

function atSides(
  model: FoundModel,
  provider: ExecutionProvider,
  sides: readonly number[],
  defaultPx: number,
): Rung[] {
  const { shape, sidePx = defaultPx } = model.contract.input;
  const fixed = shape[3];
  if (fixed !== null) {
    return [{ model, provider, sidePx: fixed }];
  }
  return [sidePx, ...sides.filter((side) => side < sidePx)].map((side) => ({
    model,
    provider,
    sidePx: side,
  }));
}

/** For a person: "birefnet at 1024 px on cuda". */
export function describeRung({ model, provider, sidePx }: Rung): string {
  return `${model.contract.name} at ${sidePx} px on ${provider}`;
}
