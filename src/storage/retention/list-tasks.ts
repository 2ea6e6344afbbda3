import type { Tier } from '../../contracts/task-keys.ts';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';

export interface TaskObject extends ListedObject {
  tier: Tier;
}

export interface ListedTask {
  taskId: string;
  objects: TaskObject[];
}

/** Tiers with a folder per task. */
const TASK_TIERS = ['uploads', 'processed', 'videos'] as const satisfies Tier[];

/** Lists every task with all of its objects. Merges three listings, so only one task at a time is in memory. */
export async function* listTasks(store: Pick<ObjectStore, 'list'>): AsyncGenerator<ListedTask> {
  const tiers = TASK_TIERS.map((tier) => tasksOf(store, tier));
  const heads = await Promise.all(tiers.map((tasks) => tasks.next()));
  for (;;) {
    // The order of listings: `a-b/x` comes before `a/x`.
    const folders = heads.flatMap(({ value }) => (value ? [`${value.taskId}/`] : []));
    const taskId = folders.sort()[0]?.slice(0, -1);
    if (taskId === undefined) {
      return;
    }
    const objects: TaskObject[] = [];
    for (const [index, { value }] of heads.entries()) {
      if (value?.taskId === taskId) {
        objects.push(...value.objects);
        heads[index] = await tiers[index]!.next();
      }
    }
    yield { taskId, objects };
  }
}

async function* tasksOf(store: Pick<ObjectStore, 'list'>, tier: Tier): AsyncGenerator<ListedTask, undefined> {
  let task: ListedTask | undefined;
  for await (const object of store.list(`${tier}/`)) {
    const taskId = object.key.split('/', 2)[1]!;
    if (task && task.taskId !== taskId) {
      yield task;
      task = undefined;
    }
    task ??= { taskId, objects: [] };
    task.objects.push({ ...object, tier });
  }
  if (task) {
    yield task;
  }
  return undefined;
}
