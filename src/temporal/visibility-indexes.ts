import { DatabaseSync } from 'node:sqlite';

const TABLE = 'executions_visibility';

/** What is asked: by id, kind and state, newest first, and by search attributes of ours, all of them keywords. */
const ASKED =
  /^(default_idx|by_workflow_id|by_workflow_type|by_status|by_temporal_namespace_division|by_keyword_\d+)$/;

/** Of the server, which may be in the middle of a transaction. */
const BUSY_MS = 10_000;

/**
 * Drops those indexes of the embedded server's list of executions that nobody asks by. It comes with 45 of them, for each
 * column that any namespace might use, and writes to each of them whenever a job begins, moves on or ends: half of what it
 * writes. A query by such a column still answers, by looking at every execution. ADR 11.
 *
 * @param file the server's database, whether a server runs on it or not
 * @returns the names of those that were there
 */
export function dropUnusedIndexes(file: string): string[] {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL")
      .all(TABLE)
      .map(({ name }) => String(name));
    const unused = names.filter((name) => !ASKED.test(name));
    if (unused.length > 0) {
      const drops = unused.map((name) => `DROP INDEX "${name}";`);
      database.exec(['BEGIN IMMEDIATE;', ...drops, 'COMMIT;'].join('\n'));
    }
    return unused;
  } finally {
    database.close();
  }
}
