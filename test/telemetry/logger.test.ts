import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/errors.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

function capture(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger('test', { level, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

describe('the logger', () => {
  it('writes one JSON line per event, with component, time and level', () => {
    const { logger, lines } = capture();

    logger.info({ task_id: 'a' }, 'Two\nlines of text');
    logger.warn('Second');

    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
    }
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      part: 'test',
      pid: process.pid,
      task_id: 'a',
      msg: 'Two\nlines of text',
    });
  });

  it('is silent below its level', () => {
    const { logger, lines } = capture('warn');
    logger.info('Not this');
    logger.error('This');
    expect(lines).toHaveLength(1);
  });

  it('logs an error with its code, stack and cause', () => {
    const { logger, lines, last } = capture();
    const cause = new Error('socket hang up');
    logger.error({ err: new PipelineError('PROVIDER_UNAVAILABLE', 'No answer', { cause }) }, 'Failed');

    expect(lines).toHaveLength(1);
    expect(last().err).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('No answer'),
    });
    expect((last().err as { stack: string }).stack).toContain('socket hang up');
  });

  it.each(['authorization', 'cookie', 'apiKey', 'api_key', 'secret', 'password', 'token', 'signature'])(
    'never writes a %s',
    (field) => {
      const { logger, lines, last } = capture();
      const secret = 'sk-very-secret';

      logger.info({ [field]: secret });
      expect(last()[field]).toBe('[redacted]');
      logger.info({ request: { [field]: secret } });
      logger.info({ request: { headers: { [field]: secret, host: 'kept' } } });
      expect(last().request).toEqual({ headers: { [field]: '[redacted]', host: 'kept' } });
      logger.child({ [field]: secret }).info('From a child');
      logger.child({ part: 'child' }).info({ [field]: secret });

      expect(lines).toHaveLength(5);
      expect(lines.join('')).not.toContain(secret);
    },
  );
});
