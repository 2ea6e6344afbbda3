import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { toTaskName } from '../../src/contracts/task-name.ts';
import { PipelineError } from '../../src/errors.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline();
const client = createLimelightClient({ baseUrl: api.url });

function formOf(fileName: string, fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  form.set('image', new File([new Uint8Array(PHOTO)], fileName));
  form.set('audio', new Blob([new Uint8Array(VOICE)]));
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

const nameOf = async (taskId: string) => (await client.status(taskId)).name;
const listed = async (search: string) => (await client.list({ search })).tasks.map(({ task_id }) => task_id);

describe('the name of a task', () => {
  it.each([
    ['IMG_1234.jpeg', 'IMG_1234'],
    ['C:\\fakepath\\Anna am See.PNG', 'Anna am See'],
    ['../../etc/passwd', 'passwd'],
    ['two\nlines.jpg', 'two lines'],
    ['v1.2 final', 'v1.2 final'],
    ['🙂 写真.heic', '🙂 写真'],
    [`${'x'.repeat(119)}🙂.jpg`, 'x'.repeat(119)],
    ['blob', undefined],
    ['.jpg', undefined],
    ['', undefined],
  ])('of the photo %j is %j', (fileName, name) => {
    expect(toTaskName(fileName)).toBe(name);
  });

  it('is that of the photo, or the one in the form, and does not make the same content another task', async () => {
    const taskId = randomUUID();
    await submit(api, { taskId, body: formOf('Grandma.jpg') });
    await client.wait(taskId);
    const { taskId: named } = await submit(api, { body: formOf('x.jpg', { name: 'For the front page' }) });
    await client.wait(named);
    const { taskId: again } = await submit(api, { taskId, body: formOf('Grandpa.jpg') });

    expect(again).toBe(taskId);
    expect(await nameOf(taskId)).toBe('Grandma');
    expect(await nameOf(named)).toBe('For the front page');
    await expect(submit(api, { body: formOf('x.jpg', { name: ' ' }) })).resolves.toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('name: expected one line of 1 to 120 characters') },
    });
  });

  it('can be changed while the task runs and after its end, is searched, and is erased with the task', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api, { body: formOf('IMG_1.jpg') });
    await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);
    expect(await client.rename(taskId, 'Welcome, Zoë')).toMatchObject({
      task_id: taskId,
      name: 'Welcome, Zoë',
    });
    held.release();
    await client.wait(taskId);
    await expect.poll(() => listed('welcome, ZOË'), { timeout: 10_000 }).toEqual([taskId]);

    await client.rename(taskId, 'Good bye');

    expect(await nameOf(taskId)).toBe('Good bye');
    expect(await listed('zoë')).toEqual([]);
    expect(await listed('good')).toEqual([taskId]);
    expect(await listed(taskId.slice(0, 8))).toEqual([taskId]);
    // Half of a surrogate pair fits into no header, so the video could not be downloaded.
    for (const name of ['two\nlines', '\ud83d', 'a\udc00b']) {
      await expect(client.rename(taskId, name)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    await expect(client.rename(randomUUID(), 'x')).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    const receipt = await client.erase(taskId);
    expect(receipt.erased.map(({ name }) => name)).toContain(`videos/${taskId}/name.json`);
  });

  it('leads a search through all tasks by its cursors', async () => {
    const submitted = await Promise.all(
      Array.from({ length: 14 }, (_, index) => submit(api, { body: formOf(`Team ${index}.jpg`) })),
    );
    await Promise.all(submitted.map(({ taskId }) => client.wait(taskId)));
    const expected = submitted.map(({ taskId }) => taskId).sort();
    await expect
      .poll(async () => (await client.list({ search: 'team', limit: 100 })).tasks.length, { timeout: 10_000 })
      .toBe(14);

    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.list({ search: 'team', limit: 3, ...(cursor && { cursor }) });
      expect(page.tasks.length).toBeLessThanOrEqual(3);
      found.push(...page.tasks.map(({ task_id }) => task_id));
      cursor = page.next_cursor;
    } while (cursor);

    expect(found.sort()).toEqual(expected);
  });
});

it('a list says why a task failed', async () => {
  const broken = worker.fail('detectPersons', new PipelineError('PERSON_NOT_FOUND', 'Nobody is there.'));
  const { taskId } = await submit(api);
  await client.wait(taskId);
  broken.release();
  const codeOf = async () =>
    (await client.list()).tasks.find(({ task_id }) => task_id === taskId)?.error_code;
  await expect.poll(codeOf, { timeout: 10_000 }).toBe('PERSON_NOT_FOUND');
});
