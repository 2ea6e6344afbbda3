import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import type { Person } from '../../src/contracts/schemas/job-outcome.ts';
import { PipelineError } from '../../src/errors.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { limelight, limelightInTerminal, MAIN } from '../harness/cli/limelight.ts';
import { runHere } from '../harness/cli/run-here.ts';

const TIMEOUT_MS = 60_000;
const TWO: Person[] = [
  { id: 1, confidence: 0.9, box: [30, 1, 60, 60] },
  { id: 2, confidence: 0.81, box: [1, 1, 29, 60] },
];
const TASK_ID = /^[0-9a-f-]{36}$/;

const { api, worker } = await startTestPipeline({ defaults: { retryWindowS: 60 } });

describe('commands about tasks, with a server', { timeout: TIMEOUT_MS }, () => {
  let root: string;
  let folder: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'limelight-commands-'));
  });
  afterAll(async () => {
    process.chdir(tmpdir());
    await rm(root, { recursive: true, force: true });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'work-'));
    process.chdir(folder);
    await mkdir(join(folder, 'team'));
    for (const name of ['me.jpg', 'beach.jpg', 'team/amy.jpg', 'team/ben.jpg', 'team/cat.png']) {
      await writeFile(join(folder, name), PHOTO);
    }
    await writeFile(join(folder, 'hello.wav'), VOICE);
    worker.findPersons([{ id: 1, confidence: 0.9, box: [1, 1, 60, 60] }]);
  });

  const where = () => ({ cwd: folder, env: { API_URL: api.url } });
  const run = (...args: string[]) => runHere(args, { API_URL: api.url });
  const generate = async (...flags: string[]) =>
    (await run('generate', 'me.jpg', 'hello.wav', '--detach', ...flags)).printed.trim();

  it('makes a video, shows the stages and prints its path', async () => {
    const { code, printed, said } = await limelight(['generate', 'me.jpg', 'hello.wav'], where());

    expect({ code, printed }).toEqual({ code: 0, printed: 'me.mp4\n' });
    expect(said).toMatch(/^ {2}0 % .* s {2}Accepted/m);
    expect(said).toMatch(/^100 % /m);
    expect(await readFile(join(folder, 'me.mp4'), 'utf8')).toMatch(/^bytes of videos\//);
  });

  it('sends the job options under their API names', async () => {
    const { printed } = await run(
      ...['generate', 'me.jpg', 'hello.wav', '--json', '--background', 'beach.jpg', '--person', '1'],
      ...['--no-smoothing', '--confidence', '0.25', '--deadline', '90', '--priority', '2'],
    );

    const made = JSON.parse(printed);
    expect(made).toMatchObject({ photo: 'me.jpg', bytes: expect.any(Number), warnings: [] });
    expect((await api.records.read(made.task_id))?.options).toMatchObject({
      background: 'image',
      persons: 1,
      apply_smoothing: false,
      conf_threshold: 0.25,
      deadline_s: 90,
      priority: 2,
    });
  });

  it("shows the server's message if it refuses an option", async () => {
    const { code, said } = await run('generate', 'me.jpg', 'hello.wav', '--deadline', '90000');

    expect(code).toBe(2);
    expect(said).toContain('error: deadline_s: expected a whole number from 1 to 86400');
    expect(await readdir(folder)).not.toContain('me.mp4');
  });

  it.each([
    ['a file that is not there', ['nobody.jpg', 'hello.wav'], 'nobody.jpg cannot be read'],
    ['a pattern that fits nothing', ['none/*.jpg', 'hello.wav'], 'No file matches none/*.jpg'],
    ['a voice alone', ['hello.wav'], 'Missing voice file'],
    ['no share', ['me.jpg', 'hello.wav', '--confidence', '2'], 'Expected a number from 0 to 1'],
    [
      'no priority',
      ['me.jpg', 'hello.wav', '--priority', '9'],
      'Expected a number from 1 (first) to 5 (last)',
    ],
    ['a background that is nothing', ['me.jpg', 'hello.wav', '--background', 'x.jpg'], 'for --background'],
    ['a file for several', ['team/*.jpg', 'hello.wav', '-o', 'x.mp4'], 'give --out a folder'],
  ])('says what to change for %s', async (_case, args, sentence) => {
    const { code, said } = await run('generate', ...args);

    expect(code).toBe(2);
    expect(said).toContain(sentence);
  });

  it('makes a video of each photo that matches a pattern, and prints a table', async () => {
    const { code, printed, said } = await run(
      'generate',
      'team/*.{jpg,png}',
      'hello.wav',
      '-o',
      'videos',
      '--watch',
    );

    expect(code).toBe(0);
    expect((await readdir(join(folder, 'videos'))).sort()).toEqual(['amy.mp4', 'ben.mp4', 'cat.mp4']);
    const [titles, ...rows] = printed.trimEnd().split('\n');
    expect(titles).toMatch(/^photo +seconds +size +video$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^team\/amy\.jpg +[\d.]+ +0\.0 MB +videos\/amy\.mp4$/);
    expect(said).toMatch(/^amy\.jpg +40 % .* s {2}Detected 1 person/m);
    expect(said).toContain('3 of 3 videos');
  });

  it('makes the other videos if one fails, and exits with the code of a failed job', async () => {
    await writeFile(join(folder, 'team/ben.jpg'), 'no picture');

    const { code, printed, said } = await run(
      'generate',
      'team/*.jpg',
      'hello.wav',
      '-o',
      'videos',
      '--json',
    );

    expect({ code, said: said.includes('failed') }).toEqual({ code: 4, said: true });
    const lines = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines).toContainEqual(
      expect.objectContaining({ photo: 'team/amy.jpg', task_id: expect.stringMatching(TASK_ID) }),
    );
    expect(lines).toContainEqual({
      photo: 'team/ben.jpg',
      error: { code: expect.any(String), message: expect.any(String) },
    });
    expect(lines.at(-1).error).toMatchObject({
      exit_code: 4,
      message: expect.stringContaining('1 of 2 videos'),
    });
  });

  it('redraws the stages in a terminal and leaves one line per stage', async () => {
    const { code, printed } = await limelightInTerminal(['generate', 'me.jpg', 'hello.wav'], where());

    expect(code).toBe(0);
    // What stands on the screen in the end: a carriage return begins a line anew.
    const lines = printed.split('\r\n').map((line) => line.split('\r').at(-1));
    expect(lines.filter((line) => line?.includes('Detected 1 person'))).toHaveLength(1);
    expect(lines).toContainEqual(expect.stringMatching(/me\.mp4$/));
  });

  it('keeps one line for each of several videos in a terminal', async () => {
    const { code, printed } = await limelightInTerminal(
      ['generate', 'team/amy.jpg', 'team/ben.jpg', 'hello.wav', '--watch', '-o', 'videos'],
      where(),
    );

    expect(code).toBe(0);
    expect(printed).toContain('2 of 2 videos');
    expect(printed).toMatch(/team\/amy\.jpg +[\d.]+ +0\.0 MB +videos\/amy\.mp4/);
  });

  const ask = (keys: string) => ({ after: 'Which one speaks? [1]', keys });

  it('lists the people in a photo in a terminal and asks who speaks', async () => {
    worker.findPersons(TWO);
    const args = ['generate', 'me.jpg', 'hello.wav', '--person', 'ask'];
    const { code, printed } = await limelightInTerminal(args, {
      ...where(),
      typed: [ask('7\r'), ask('2\r')],
    });

    expect(code).toBe(0);
    expect(printed).toMatch(/^ +1 +90 % +2 +30, 1, 60, 60\r$/m);
    expect(printed).toMatch(/^ +2 +81 % +1 +1, 1, 29, 60\r$/m);
    expect(printed).toContain('Expected a number from 1 to 2, but received 7.');
    expect(printed).toContain('selected person #2');
  });

  it('asks for one photo after the other and cancels unanswered tasks', async () => {
    worker.findPersons(TWO);
    const args = ['generate', 'team/amy.jpg', 'team/ben.jpg', 'hello.wav', '--person', 'ask', '-o', 'videos'];
    const { code, printed } = await limelightInTerminal(args, {
      ...where(),
      typed: [ask('\r'), ask('\x04')],
    });

    expect(code).toBe(4);
    expect(printed).toContain('1 of 2 videos');
    expect(printed).toMatch(/No person was chosen for team\/(amy|ben)\.jpg: its task is cancelled/);
    const client = createLimelightClient({ baseUrl: api.url });
    const newest = async () => (await client.list({ limit: 2 })).tasks.map(({ stage }) => stage).sort();
    await expect.poll(newest, { timeout: 20_000 }).toEqual(['CANCELLED', 'COMPLETED']);
  });

  it('withdraws the question when it is answered elsewhere, and cancels the task at Ctrl-C', async () => {
    worker.findPersons(TWO);
    const args = ['generate', 'me.jpg', 'hello.wav', '--person', 'ask'];
    const answered = limelightInTerminal(args, { ...where(), typed: [] });
    const client = createLimelightClient({ baseUrl: api.url });
    const asking = async () => (await client.list({ status: 'running' })).tasks[0]?.task_id ?? '';
    await expect.poll(asking, { timeout: 20_000 }).toMatch(TASK_ID);
    await expect
      .poll(async () => run('person', await asking(), '2'), { timeout: 20_000 })
      .toMatchObject({ code: 0 });
    expect(await answered).toMatchObject({ code: 0, printed: expect.stringContaining('selected person #2') });

    const stopped = await limelightInTerminal(args, { ...where(), typed: [ask('\x03')] });
    expect(stopped).toMatchObject({ code: 130, printed: expect.stringContaining('Which one speaks?') });
    expect(stopped.printed).not.toContain('error:');
  });

  it('does not ask without a terminal, and names the alternatives', async () => {
    worker.findPersons(TWO);
    expect(await run('generate', 'me.jpg', 'hello.wav', '--person', 'ask')).toMatchObject({
      code: 2,
      said: expect.stringContaining('give --person 1, or --detach and answer with `npx limelight person`'),
    });

    const id = await generate('--person', 'ask');
    const status = async () => (await run('status', id)).printed;
    await expect.poll(status, { timeout: 20_000 }).toContain(`npx limelight person ${id} NUMBER`);
    expect(await run('person', id, '2')).toMatchObject({ code: 0 });
    expect(await run('watch', id)).toMatchObject({ code: 0, said: expect.stringContaining('person #2') });
  });

  it('leaves a detached task to the server for status, watch and download', async () => {
    const id = await generate();
    expect(id).toMatch(TASK_ID);

    const watched = await run('watch', id);
    expect(watched.code).toBe(0);
    expect(watched.said).toMatch(/^100 % .*The video is ready$/m);

    expect((await run('status', id)).printed).toMatch(/^stage +COMPLETED {2}100 %$/m);
    expect(JSON.parse((await run('status', id, '--json')).printed)).toMatchObject({
      task_id: id,
      stage: 'COMPLETED',
    });

    expect(await run('download', id)).toMatchObject({ code: 0, printed: `${id}.mp4\n` });
    expect((await run('download', id, '--file', 'mask', '-o', '-')).printed).toMatch(/^bytes of /);
  });

  it('prints the events of a task as lines of JSON', async () => {
    const { printed } = await run('watch', await generate(), '--json');

    const events = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ seq: 1, data: { stage: 'INITIALIZED' } });
    expect(events.at(-1)).toMatchObject({ data: { stage: 'COMPLETED' } });
  });

  it('cancels a task, waits until it is undone, and can repeat that', async () => {
    using held = worker.hold('renderTalk');
    const id = await generate();
    await expect.poll(held.reached, { timeout: 20_000 }).toBe(1);

    const first = await run('cancel', id);
    held.release();

    expect(first).toMatchObject({ code: 0, printed: expect.stringContaining('cancelled') });
    expect(await run('cancel', id)).toMatchObject({ code: 0 });
    expect((await run('watch', id)).code).toBe(4);
  });

  it('cancels running tasks at Ctrl-C', async () => {
    using held = worker.hold('renderTalk');
    const args = ['generate', 'team/amy.jpg', 'team/ben.jpg', 'hello.wav', '--watch', '-o', 'videos'];
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { ...process.env, API_URL: api.url },
    });
    await expect.poll(held.reached, { timeout: 20_000 }).toBe(2);

    child.kill('SIGINT');
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    held.release();

    expect(code).toBe(130);
    expect(said).not.toContain('error:');
    expect(await readdir(join(folder, 'videos'))).toEqual([]);
  });

  it('explains a failed job and exits with its own code', async () => {
    const fault = new PipelineError('PERSON_NOT_FOUND', 'No person was found: take a photo that shows one.');
    const failing = worker.fail('detectPersons', fault);

    const { code, printed, said } = await run('generate', 'me.jpg', 'hello.wav');
    failing.release();

    expect({ code, printed }).toEqual({ code: 4, printed: '' });
    expect(said).toContain(`error: ${fault.message}`);
  });

  it('retries a failed task from the failed stage', async () => {
    const failing = worker.fail('renderTalk', new PipelineError('MODEL_INVALID', 'The model is broken'));
    const id = await generate();
    expect(await run('watch', id)).toMatchObject({
      code: 4,
      said: expect.stringContaining('The model is broken'),
    });
    failing.release();

    const { code, said } = await run('retry', id, '--from', 'provider', '--watch');

    expect({ code, ends: said.includes('100 % ') }).toEqual({ code: 0, ends: true });
    expect(await run('retry', id)).toMatchObject({
      code: expect.any(Number),
      said: expect.stringMatching(/^error: /),
    });
  });

  it('lists the newest tasks and finds one by `last` or by the start of its id', async () => {
    const id = await generate();
    await run('watch', id);

    // What Temporal lists is a moment behind.
    const client = createLimelightClient({ baseUrl: api.url });
    const newest = async () => (await client.list({ limit: 1 })).tasks[0];
    await expect.poll(newest, { timeout: 20_000 }).toMatchObject({ task_id: id, status: 'completed' });

    const { printed } = await run('tasks', '--limit', '5');
    const [titles, first] = printed.split('\n');
    expect(titles).toMatch(/^task +name +stage +made by +submitted +took$/);
    expect(first).toMatch(new RegExp(`^${id} +me +COMPLETED +local `));

    const completed = JSON.parse((await run('tasks', '--status', 'completed', '--json')).printed);
    expect(completed[0]).toMatchObject({ task_id: id, status: 'completed' });
    expect((await run('status', 'last')).printed).toContain(id);
    expect((await run('status', id.slice(0, 13))).printed).toContain(id);
    expect(await run('status', 'zzzz')).toMatchObject({
      code: 5,
      said: expect.stringContaining('begins with zzzz'),
    });
  });

  it('erases a task after a yes and prints a receipt', async () => {
    const id = await generate();
    await run('watch', id);

    expect(await run('erase', id)).toMatchObject({
      code: 2,
      said: expect.stringContaining('erase with --yes'),
    });
    const answer = (keys: string) => ({ typed: [{ after: '[y/N]', keys }] });
    const no = await limelightInTerminal(['erase', id], { ...where(), ...answer('n\r') });
    expect(no).toMatchObject({ code: 2, printed: expect.stringContaining('Nothing was erased.') });
    const yes = await limelightInTerminal(['erase', id], { ...where(), ...answer('y\r') });
    expect(yes).toMatchObject({ code: 0, printed: expect.stringContaining('erased at') });
    expect(yes.printed).toMatch(/^ {2}file +videos\//m);

    const status = () => run('status', id).then(({ code }) => code);
    await expect.poll(status, { timeout: 20_000 }).toBe(5);
  });

  it('lists what the provider of an erased task still has', async () => {
    const id = await generate();
    await run('watch', id);
    const remote = [{ provider: 'd-id', what: 'talk' as const, id: 'tlk_1' }];
    const record = (await api.records.read(id))!;
    await api.records.write({ ...record, remote, updated_at: new Date().toISOString() });
    const refused = worker.fail('deleteRemote', new PipelineError('PROVIDER_UNAVAILABLE', 'It is down'));

    const pending = await run('erase', id, '--yes');
    refused.release();

    expect(pending).toMatchObject({
      code: 0,
      printed: expect.stringContaining('Still to be deleted at the provider.'),
    });
    expect(pending.printed).toMatch(/^ {2}d-id {6}talk tlk_1$/m);
    const again = () => run('erase', id, '--yes').then(({ printed }) => printed);
    await expect.poll(again, { timeout: 30_000 }).toMatch(/^ {2}provider {2}talk tlk_1$/m);
  });

  it('reports an unknown task', async () => {
    const { code, said } = await run('status', '11111111-2222-4333-8444-555555555555');

    expect(code).toBe(5);
    expect(said).toContain('`npx limelight tasks` lists the tasks.');
  });
});
