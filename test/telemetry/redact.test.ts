import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/process/load-config.ts';
import { withLogContext } from '../../src/telemetry/log-context.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';
import { secretValues } from '../harness/secret-values.ts';

/** With characters that JSON, URLs and base64 encode. */
const SECRET = 'user@host:pa"ss/wörd+0123';
const VALUES = secretValues((name) => `${name}-${SECRET}`);

function capture() {
  const lines: string[] = [];
  const { log } = loadConfig(VALUES);
  const create = (part: string) =>
    createLogger(part, { ...log, level: 'trace', destination: { write: (line) => void lines.push(line) } });
  return { lines, create };
}

const cause = (message: string) => new Error('outer', { cause: new Error(message) });

/** The forms of a secret in a log line. */
const WAYS: Array<[way: string, log: (logger: Logger, secret: string) => void]> = [
  ['in the message', (logger, secret) => logger.info(`It was ${secret}, they say`)],
  ['in a field of any name', (logger, secret) => logger.warn({ note: secret }, 'A note')],
  ['deep in an object', (logger, secret) => logger.error({ a: { b: { c: [{ d: secret }] } } }, 'Deep')],
  ['in an error', (logger, secret) => logger.error({ err: new Error(`401 for ${secret}`) }, 'Failed')],
  ['in the cause of an error', (logger, secret) => logger.fatal({ err: cause(`for ${secret}`) }, 'Failed')],
  ['in a URL', (logger, secret) => logger.info({ url: `https://x/?k=${encodeURIComponent(secret)}` }, 'Get')],
  [
    'in an Authorization header',
    (logger, secret) => logger.info({ line: `Basic ${Buffer.from(secret).toString('base64')}` }, 'Sent'),
  ],
  ['by a child logger', (logger, secret) => logger.child({ slot: secret }).debug({ line: secret }, 'Output')],
  [
    'from the context',
    (logger, secret) => withLogContext({ request_id: secret }, () => logger.info('In a request')),
  ],
];

describe.each(['api', 'io', 'gpu', 'temporal'])('the logger of %s', (part) => {
  it.each(WAYS)('shows no secret %s', (_, log) => {
    for (const secret of Object.values(VALUES)) {
      const { lines, create } = capture();
      log(create(part), secret);
      const text = lines.join('');
      expect(text).toContain('[redacted]');
      expect(() => lines.map((line) => JSON.parse(line))).not.toThrow();
      for (const form of [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64'),
        'pa\\"ss',
      ]) {
        expect(text).not.toContain(form);
      }
    }
  });
});

it.each([
  'https://api.x/api/pipeline/tasks/1/video?expires=1795571633&signature=c0ffee42c0ffee42',
  'https://s3.x/result.mp4?X-Amz-Credential=c0ffee42&X-Amz-Date=1&X-Amz-Signature=c0ffee42c0ffee42',
  'Authorization: Bearer c0ffee42.c0ffee42_c0ffee42',
  'POST /api/webhooks/d-id/c0ffee42c0ffee42 answered 204',
])('shows nothing of a key that is not in the settings: %s', (text) => {
  const { lines, create } = capture();
  create('api').info({ url: text, err: new Error(text) }, text);
  expect(lines.join('')).not.toContain('c0ffee42');
});

it('adds the task id to each line that has none', () => {
  const { lines, create } = capture();
  const logger = create('io');
  withLogContext({ task_id: 'a', activity: 'renderTalk' }, () => {
    logger.info('One');
    logger.info({ task_id: 'b' }, 'Two');
  });
  logger.info('Three');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { task_id: 'a', activity: 'renderTalk' },
    { task_id: 'b' },
    expect.not.objectContaining({ task_id: expect.anything() }),
  ]);
});
