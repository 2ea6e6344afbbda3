import { RETENTION_OVERRIDE_PREFIX, retentionOverrideKey } from '../../contracts/retention.ts';
import { RetentionOverride } from '../../contracts/schemas/retention.ts';
import { isFailure } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { createJsonObjects } from '../json-objects.ts';

const overridesIn = (store: ObjectStore) =>
  createJsonObjects({ store, schema: RetentionOverride, what: 'a retention override' });

/** All overrides by task. A damaged one counts as a hold, because it may have been one. */
export async function readRetentionOverrides(store: ObjectStore): Promise<Map<string, RetentionOverride>> {
  const overrides = new Map<string, RetentionOverride>();
  for await (const { key, modifiedAt } of store.list(RETENTION_OVERRIDE_PREFIX)) {
    const taskId = key.slice(RETENTION_OVERRIDE_PREFIX.length).replace(/\.json$/, '');
    try {
      const override = await readRetentionOverride(store, taskId);
      if (override) overrides.set(taskId, override);
    } catch (error) {
      if (!isFailure(error, 'OBJECT_CORRUPT')) {
        throw error;
      }
      overrides.set(taskId, {
        hold: { reason: 'its retention override is damaged', since: modifiedAt.toISOString() },
      });
    }
  }
  return overrides;
}

export function readRetentionOverride(
  store: ObjectStore,
  taskId: string,
): Promise<RetentionOverride | undefined> {
  return overridesIn(store).read(retentionOverrideKey(taskId));
}

/** Replaces the override of the task. An empty one is deleted. */
export async function writeRetentionOverride(
  store: ObjectStore,
  taskId: string,
  override: RetentionOverride,
): Promise<void> {
  const key = retentionOverrideKey(taskId);
  await (override.hold || override.days !== undefined
    ? overridesIn(store).write(key, override)
    : store.delete(key));
}
