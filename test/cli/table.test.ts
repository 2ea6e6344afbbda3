import { describe, expect, it } from 'vitest';
import { toTable } from '../../src/cli/terminal/table.ts';

describe('a table', () => {
  it('has columns as wide as their content, not counting colours', () => {
    expect(
      toTable(
        [{ title: 'name' }, { title: 'size', align: 'right' }, { title: 'state' }],
        [
          ['a-long-name', '5 MB', '\u001b[32mused\u001b[39m'],
          ['b', '1234 MB', ''],
        ],
      ),
    ).toEqual([
      'name            size  state',
      'a-long-name     5 MB  \u001b[32mused\u001b[39m',
      'b            1234 MB',
    ]);
  });

  it('prints no titles without rows', () => {
    expect(toTable([{ title: 'name' }], [])).toEqual([]);
  });
});
