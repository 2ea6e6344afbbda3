/** The names that tasks were given after their submission. */
export interface TaskNames {
  /** `undefined` if the task was not renamed. */
  read(taskId: string): Promise<string | undefined>;
  /** Idempotent. The name is erased with the files of the task. */
  write(taskId: string, name: string): Promise<void>;
}
