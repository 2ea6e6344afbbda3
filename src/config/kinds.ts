/** Schemas that several environment variables share. */
import { z } from 'zod';

export const port = z.coerce.number().int().min(0).max(65_535);
export const count = (byDefault: number) => z.coerce.number().int().min(1).max(64).default(byDefault);
export const gigabytes = (byDefault: number) => z.coerce.number().positive().default(byDefault);
export const flag = (byDefault: boolean) =>
  z
    .enum(['true', 'false'])
    .default(byDefault ? 'true' : 'false')
    .transform((text) => text === 'true');
export const days = (byDefault: number) => z.coerce.number().positive().max(36_500).default(byDefault);
export const seconds = (byDefault: number) => z.coerce.number().positive().default(byDefault);

/** Values separated by commas or line breaks. Empty if the variable is not set. */
export const listOf = (value: z.ZodType<string, string>) =>
  z
    .string()
    .optional()
    .transform((text) =>
      (text ?? '')
        .split(/[,\n]/)
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(value));
export const network = z.union(
  [z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()],
  'expected networks such as 10.0.0.0/8',
);
