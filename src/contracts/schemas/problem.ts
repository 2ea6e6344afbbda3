import { z } from 'zod';

export const Problem = z
  .object({
    type: z.string().meta({ example: 'urn:limelight:problem:task-not-found' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().describe('For people: what was expected, what was received, and what to change.'),
    instance: z.string().describe('The path of the request.'),
    code: z.string().describe('For programs. Codes are added, never renamed.'),
    task_id: z.string().optional(),
    details: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('Facts, such as each wrong field and its fault.'),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457).' });
export type Problem = z.infer<typeof Problem>;
