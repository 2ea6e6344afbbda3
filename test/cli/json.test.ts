import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf, fullName } from '../../src/cli/manual.ts';
import { createProgram } from '../../src/cli/program.ts';
import { createRetentionSchedule } from '../../src/temporal/retention-schedule.ts';
import { jobForm, PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { limelight } from '../harness/cli/limelight.ts';
import { runHere } from '../harness/cli/run-here.ts';

const COMMANDS = commandsOf(createProgram())
  .filter(({ commands }) => commands.length === 0)
  .map((command) => fullName(command).replace('limelight ', ''));

/** Each command with arguments. `TASK` is a finished task of the test's own. */
const CALLS: Record<string, string[]> = {
  generate: ['me.png', 'hello.wav'],
  tasks: [],
  status: ['TASK'],
  watch: ['TASK'],
  timeline: ['TASK'],
  download: ['TASK', '-o', 'again.mp4'],
  cancel: ['TASK'],
  'retention status': [],
  'retention pause': [],
  'retention resume': [],
  'retention hold': ['TASK'],
  'retention holds': [],
  'retention release': ['TASK'],
  'storage check': [],
  erase: ['TASK', '--yes'],
  'models list': [],
  'models verify': [],
  'keys create': ['studio'],
  'keys list': [],
  'keys rotate': ['rotated'],
  'keys revoke': ['revoked'],
  'webhooks list': [],
  'webhooks secret': [],
  'webhooks rotate': [],
  completion: ['bash'],
};

/** Commands that must run before another one. */
const BEFORE: Record<string, string> = {
  'retention release': 'retention hold TASK',
  'keys rotate': 'keys create rotated',
  'keys revoke': 'keys create revoked',
};

/** Commands that need a whole machine, a download or a running task: their errors are tested. */
const REFUSED: Record<string, string[]> = {
  demo: ['nope.jpg'],
  up: ['--role', 'db'],
  person: ['TASK', '2'],
  retry: ['TASK'],
  'models pull': ['nope'],
  'models use': ['nope'],
  'webhooks send': ['msg_nope'],
  'retention run': ['--dry-run', 'nope'],
  emulator: ['--port', 'x'],
  'codec-server': ['--port', 'x'],
  bench: ['nope'],
};

const { server, api } = await startTestPipeline({ defaults: { retryWindowS: 60 } });

describe('with --json', { timeout: 60_000 }, () => {
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-json-'));
    await writeFile(join(folder, 'me.png'), PHOTO);
    await writeFile(join(folder, 'hello.wav'), VOICE);
    env = {
      API_URL: api.url,
      STORAGE_ROOT: api.root,
      ...server.env,
      MODELS_CACHE_DIR: join(folder, 'models'),
    };
    await createRetentionSchedule({ client: server.client }).ensure();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const makeTask = async () => {
    const taskId = randomUUID();
    await fetch(`${api.url}/api/pipeline/tasks/${taskId}?wait=30`, { method: 'PUT', body: jobForm() });
    return taskId;
  };
  const inFolder = (args: string[]) =>
    args.map((arg) => (/\.(png|wav|mp4)$/.test(arg) ? join(folder, arg) : arg));
  const withTask = async (args: string[]) => {
    const taskId = args.includes('TASK') ? await makeTask() : '';
    return { taskId, args: args.map((arg) => (arg === 'TASK' ? taskId : arg)) };
  };
  const call = (name: string, args: string[]) =>
    runHere([...name.split(' '), ...inFolder(args), '--json'], env);

  it('covers every command', () => {
    const called = [...Object.keys(CALLS), ...Object.keys(REFUSED), 'doctor'];
    expect(called.sort(), 'Add new commands to CALLS or REFUSED').toEqual(COMMANDS.sort());
  });

  it.each(Object.entries(CALLS))('%s prints one value per line and nothing else', async (name, args) => {
    const made = await withTask(name === 'generate' ? [...args, '-o', 'out.mp4'] : args);
    const before = BEFORE[name]?.replace('TASK', made.taskId);
    if (before) expect(await call(before, [])).toMatchObject({ code: 0 });

    const { code, printed } = await call(name, made.args);

    expect({ name, code }).toEqual({ name, code: 0 });
    const lines = printed.trimEnd().split('\n');
    for (const line of lines) JSON.parse(line);
    // Only what is followed has a line an event.
    expect({ name, isOne: lines.length === 1 }).toEqual({ name, isOne: name !== 'watch' });
  });

  it.each(Object.entries(REFUSED))('%s prints one error', async (name, args) => {
    // The benches are a program of their own, whose output goes past this one.
    const { code, printed } =
      name === 'bench'
        ? await limelight(['bench', ...args, '--json'])
        : await call(name, (await withTask(args)).args);

    expect(code).toBeGreaterThan(0);
    expect(JSON.parse(printed)).toEqual({ error: expect.objectContaining({ exit_code: code }) });
  });

  it.each(COMMANDS)('%s reports an unknown option', async (name) => {
    const { code, printed, said } = await call(name, ['--nope']);

    expect({ code, said }).toEqual({ code: 2, said: '' });
    expect(JSON.parse(printed)).toEqual({
      error: {
        code: 'USAGE',
        message: expect.stringContaining('--nope'),
        next: `See \`limelight ${name} --help\`.`,
        exit_code: 2,
      },
    });
  });
});
