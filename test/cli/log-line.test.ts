import { describe, expect, it } from 'vitest';
import { toNotice } from '../../src/cli/stack/log-line.ts';

describe('toNotice', () => {
  it('reads code and message of a process that ends', () => {
    expect(toNotice('{"level":"fatal","code":"MODEL_MISSING","msg":"There is no model"}')).toEqual({
      level: 'fatal',
      message: 'There is no model',
      code: 'MODEL_MISSING',
    });
  });

  it('reports the first line of a crash without its stack', () => {
    const crash = [
      '/app/x.ts:3',
      'TypeError: x is not a function',
      '    at main (/app/x.ts:3:1)',
      '',
      'Node.js v24',
    ];

    expect(crash.map(toNotice)).toEqual([
      undefined,
      { level: 'fatal', message: 'TypeError: x is not a function' },
      undefined,
      undefined,
      undefined,
    ]);
    expect(toNotice('Error [ERR_MODULE_NOT_FOUND]: Cannot find module')?.level).toBe('fatal');
    expect(toNotice('FATAL ERROR: Reached heap limit Allocation failed')?.level).toBe('fatal');
  });

  it('ignores lines that users need not see', () => {
    expect(toNotice('{"level":"info","msg":"Ready"}')).toBeUndefined();
    expect(toNotice('{"level":"warn","sdkComponent":"worker","msg":"Workflow failed"}')).toBeUndefined();
    expect(toNotice('{ not JSON')).toBeUndefined();
  });

  it('reports our own warnings and all errors', () => {
    expect(toNotice('{"level":"warn","msg":"A slot was replaced"}')?.message).toBe('A slot was replaced');
    expect(toNotice('{"level":"error","sdkComponent":"core","msg":"No answer"}')?.level).toBe('error');
  });
});
