/** Temporal's order of the tasks that wait for a slot. Activities inherit it from their workflow. */
export interface Lane {
  /** From 1 (first) to 5 (last): a task overtakes those that wait with a higher number, never one that runs. */
  priorityKey: number;
  /** Keys take turns at the same priority. Absent for callers without a key. */
  fairnessKey?: string;
  /** How many turns a key has for each turn of others. */
  fairnessWeight?: number;
}

export function toLane(priority: number, { owner, weight }: { owner?: string; weight?: number }): Lane {
  return {
    priorityKey: priority,
    ...(owner !== undefined && { fairnessKey: owner }),
    ...(weight !== undefined && { fairnessWeight: weight }),
  };
}
