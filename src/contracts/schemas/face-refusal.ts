import { z } from 'zod';
import { COVER_KINDS, type FaceRefusal as Facts } from '../face-refusals.ts';
import { extensible } from './primitives.ts';

const degrees = z.int().meta({ example: 37 });
const max_degrees = z.int().describe('What works.').meta({ example: 28 });

/** Why a face cannot be animated. */
export const FaceRefusal = z
  .discriminatedUnion('reason', [
    extensible({ reason: z.enum(['none', 'drawing', 'dark', 'mouth_open', 'unclear']) }).meta({
      description:
        'No face was found, at all, in a drawing or in the dark; the mouth is wide open; or eyes, nose and mouth could not ' +
        'be located.',
    }),
    extensible({
      reason: z.literal('too_small'),
      height_px: z.int().describe('From hairline to chin.').meta({ example: 31 }),
      min_height_px: z.int().meta({ example: 45 }),
    }),
    extensible({
      reason: z.literal('cut_off'),
      outside_percent: z.int().describe('Share of the face outside the photo.').meta({ example: 30 }),
    }),
    extensible({
      reason: z.literal('turned'),
      to: z.enum(['left', 'right']).describe('As the viewer sees it.'),
      degrees,
      max_degrees,
    }),
    extensible({ reason: z.literal('sideways'), degrees, max_degrees: max_degrees.optional() }).meta({
      description: 'The head lies on its side or upside down.',
    }),
    extensible({
      reason: z.literal('covered'),
      by: z.enum([...COVER_KINDS, 'unknown']).describe('What is in front of the mouth or the chin.'),
    }),
  ])
  .meta({ id: 'FaceRefusal' }) satisfies z.ZodType<Facts>;
export type FaceRefusal = z.infer<typeof FaceRefusal>;
