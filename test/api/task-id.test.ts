import { describe, expect, it } from 'vitest';
import { parseTaskId, taskIdOfKey } from '../../src/api/tasks/task-id.ts';

describe('task ids', () => {
  it('are the same for the same idempotency key in every process, and valid UUIDs of version 8', () => {
    expect(taskIdOfKey('order-42')).toBe(taskIdOfKey('order-42'));
    expect(taskIdOfKey('order-42')).not.toBe(taskIdOfKey('order-43'));
    expect(taskIdOfKey('order-42')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(parseTaskId(taskIdOfKey('order-42'))).toBe(taskIdOfKey('order-42'));
  });

  it('are refused for keys that are empty, too long or not printable', () => {
    for (const key of ['', ' ', 'x'.repeat(256), 'tab\t', 'ümlaut']) {
      expect(() => taskIdOfKey(key)).toThrowError(expect.objectContaining({ code: 'INPUT_INVALID' }));
    }
    expect(taskIdOfKey('x'.repeat(255))).toBeTruthy();
  });

  it('are accepted in upper or lower case only', () => {
    expect(parseTaskId('6F9619FF-8B86-4011-B42D-00C04FC964FF')).toBe('6f9619ff-8b86-4011-b42d-00c04fc964ff');
    for (const text of [
      '',
      '../../etc',
      '00000000-0000-0000-0000-000000000000',
      '6f9619ff8b864011b42d00c04fc964ff',
    ]) {
      expect(parseTaskId(text)).toBeUndefined();
    }
  });
});
