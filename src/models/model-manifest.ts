import { z } from 'zod';

/** A number, or a fraction such as `1/255`. */
const ratio = z.union([z.number(), z.string().regex(/^\d+(\.\d+)?\/\d+(\.\d+)?$/)]).transform((value) => {
  const [above = 1, below = 1] = typeof value === 'string' ? value.split('/').map(Number) : [value];
  return above / below;
});

/** One number per channel, or one for all. */
const perChannel = z
  .union([z.number(), z.tuple([z.number(), z.number(), z.number()])])
  .transform((value): [number, number, number] =>
    typeof value === 'number' ? [value, value, value] : value,
  );

const side = z.number().int().positive().nullable();
const outputShape = z.array(z.number().int().positive().nullable());

const Input = z
  .object({
    /** Default: the model's first input. */
    name: z.string().optional(),
    /** `null` for any size. */
    shape: z.tuple([z.number().nullable(), z.literal(3), side, side]),
    layout: z.literal('NCHW').default('NCHW'),
    colour: z.enum(['RGB', 'BGR']).default('RGB'),
    /** A byte becomes `(byte * scale - mean) / std`. */
    scale: ratio.default(1),
    mean: perChannel.default([0, 0, 0]),
    std: perChannel.default([1, 1, 1]),
    /** How a picture of another shape is fitted, for example "stretch" or "letterbox, grey 114" with the padding. */
    fit: z.string().default('stretch'),
    pad: z.number().int().min(0).max(255).optional(),
    /** Side to run at, for models that take any size. */
    side_px: z.number().int().positive().optional(),
  })
  .transform(({ fit, pad, side_px: sidePx, ...input }) => ({
    ...input,
    ...(sidePx && { sidePx }),
    fit: fit.startsWith('letterbox') ? ('letterbox' as const) : ('stretch' as const),
    pad: pad ?? Number(/\d+/.exec(fit)?.[0] ?? 114),
  }));

const Output = z
  .object({
    kind: z.string(),
    name: z.string().optional(),
    names: z.array(z.string()).optional(),
    shape: z.union([outputShape, z.array(outputShape)]).optional(),
    /** For detectors with overlapping boxes: boxes that overlap by more are the same person. */
    max_iou: z.number().min(0).max(1).optional(),
  })
  .transform(({ kind, name, names, max_iou: maxIou }) => ({
    kind,
    names: names ?? (name ? [name] : []),
    ...(maxIou !== undefined && { maxIou }),
  }));

/** Input and output of a model, so that code depends on them instead of on file names. */
export const ModelContract = z.object({ name: z.string(), input: Input, output: Output });
export type ModelContract = z.infer<typeof ModelContract>;

/** A SHA-256 in lower-case hex. */
export const SHA256 = /^[0-9a-f]{64}$/;

/** One entry of a manifest. Its contract is parsed only on use, because other tasks have other shapes. */
export const ManifestEntry = z.looseObject({
  name: z.string(),
  task: z.string(),
  /** File name, beside the manifest. */
  file: z.string(),
  output: z.looseObject({ kind: z.string() }),
  license: z.string().optional(),
  bytes: z.number().int().optional(),
  sha256: z.string().optional(),
  revision: z.string().optional(),
  /** Working memory on the device. */
  memory_mb: z.number().optional(),
  /** Name of the entry whose model this is in another precision. A variant is never chosen on its own. */
  variant_of: z.string().optional(),
  precision: z.enum(['fp32', 'fp16', 'int8']).optional(),
});
export type ManifestEntry = z.infer<typeof ManifestEntry>;

export const Manifest = z.array(ManifestEntry);
