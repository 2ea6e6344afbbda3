/** What was erased of a task, and when: the answer that its owner keeps. In its wire form. */
export interface EraseReceipt {
  task_id: string;
  /** ISO 8601. */
  erased_at: string;
  erased: ErasedThing[];
}

export interface ErasedThing {
  kind: 'file' | 'cache' | 'provider' | 'execution';
  /** Its key, or its name at the provider or in Temporal. */
  name: string;
  /** ISO 8601. */
  erased_at: string;
}
