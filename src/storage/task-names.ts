import { z } from 'zod';
import { TaskName } from '../contracts/schemas/primitives.ts';
import { taskKeys } from '../contracts/task-keys.ts';
import { isFailure } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskNames } from '../ports/task-names.ts';
import { createJsonObjects } from './json-objects.ts';

export function createTaskNames({ store }: { store: ObjectStore }): TaskNames {
  const names = createJsonObjects({ store, schema: z.object({ name: TaskName }), what: 'a name of a task' });
  return {
    async read(taskId) {
      try {
        return (await names.read(taskKeys(taskId).name))?.name;
      } catch (error) {
        // A task is worth showing without its name.
        if (isFailure(error, 'OBJECT_CORRUPT')) {
          return undefined;
        }
        throw error;
      }
    },

    write: (taskId, name) => names.write(taskKeys(taskId).name, { name }),
  };
}
