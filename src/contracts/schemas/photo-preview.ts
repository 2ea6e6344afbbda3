import { z } from 'zod';
import { KeyWeight } from './api-key.ts';
import { FaceRefusal } from './face-refusal.ts';
import { StoredObject } from './job.ts';
import { JobOptions } from './job-options.ts';
import { Box, Person } from './job-outcome.ts';
import { EXAMPLE_TASK_ID, extensible } from './primitives.ts';

const Size = { width_px: z.int().meta({ example: 3024 }), height_px: z.int().meta({ example: 4032 }) };

/** What the built-in renderer says about the face of one person in a photo. */
export const FaceCheck = extensible({
  box: Box.optional().describe('The face, in pixels of the upright photo. Absent if none was found.'),
  refusal: FaceRefusal.optional().describe('Why the face cannot be animated. Absent if it can.'),
  warnings: z.array(z.string()).describe('What to know about a face that can be animated.'),
}).meta({ id: 'FaceCheck' });
export type FaceCheck = z.infer<typeof FaceCheck>;

export const PreviewOptions = JobOptions.pick({ conf_threshold: true, apply_smoothing: true }).extend({
  person: z.int().min(1).max(1000).optional().meta({
    description: 'The number of the person to cut out. Default: the best one.',
    example: 1,
  }),
});
export type PreviewOptions = z.infer<typeof PreviewOptions>;

/** The argument of the workflow `previewPhoto`. */
export const PreviewInput = z.object({
  previewId: z.string().min(1),
  image: StoredObject,
  options: PreviewOptions,
  /** The name of the API key that asked for it. */
  owner: z.string().optional(),
  weight: KeyWeight.optional(),
});
export type PreviewInput = z.infer<typeof PreviewInput>;

/** What a preview found: facts only. The API adds the URLs, see `PhotoPreview`. */
export const PreviewFacts = extensible({
  photo: extensible(Size),
  persons: z
    .array(
      Person.extend({
        face: FaceCheck.optional().describe('Absent if the renderer had no time to look.'),
      }),
    )
    .describe('Best first; a task with this photo numbers them in the same way.'),
  selected_person_id: z.int().optional().describe('The person of the cut-out. Absent if there is none.'),
  has_cutout: z.boolean(),
  warnings: z.array(z.string()),
});
export type PreviewFacts = z.infer<typeof PreviewFacts>;

export const EXAMPLE_PREVIEW_PATH = `/api/pipeline/previews/${EXAMPLE_TASK_ID}`;

/** `PreviewFacts` as clients receive them, with the URLs of the files. */
export const PhotoPreview = PreviewFacts.omit({ has_cutout: true })
  .extend({
    preview_id: z.uuid().meta({ example: EXAMPLE_TASK_ID }),
    persons: z.array(
      PreviewFacts.shape.persons.element.extend({
        face_url: z.string().meta({ example: `${EXAMPLE_PREVIEW_PATH}/faces/1` }),
      }),
    ),
    cutout_url: z
      .string()
      .optional()
      .meta({
        description: 'The person with alpha, small, as WebP. Absent if no person could be cut out.',
        example: `${EXAMPLE_PREVIEW_PATH}/cutout`,
      }),
  })
  .meta({ id: 'PhotoPreview' });
export type PhotoPreview = z.infer<typeof PhotoPreview>;
