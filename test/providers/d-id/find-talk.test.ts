import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { dId } from '../../../src/providers/d-id/descriptor.ts';
import { dIdAt } from '../../harness/d-id-at.ts';

const API = 'https://api.d-id.example';
const DAY_MS = 24 * 3_600_000;
const PAGE = 100;

/** D-ID with an endless list of talks, each a day older or newer than the one before. */
function mockEndlessList({ daysOf, ours }: { daysOf: (index: number) => number; ours?: number }) {
  const agent = new MockAgent();
  agent.disableNetConnect();
  let pages = 0;
  agent
    .get(API)
    .intercept({ path: /^\/talks\?/, method: 'GET' })
    .reply(
      200,
      () => {
        const talks = Array.from({ length: PAGE }, (_, at) => {
          const index = pages * PAGE + at;
          const created_at = new Date(Date.now() + daysOf(index) * DAY_MS).toISOString().slice(0, -1);
          return { id: `tlk_${index}`, created_at, user_data: index === ours ? 'ours' : 'another' };
        });
        pages += 1;
        return { talks, token: String(pages) };
      },
      { headers: { 'content-type': 'application/json' } },
    )
    .persist();
  return { provider: dIdAt({ url: API, dispatcher: agent }), pages: () => pages };
}

describe('an endless list of talks', () => {
  const now = new Date().toISOString();
  const newestFirst = (index: number) => -index / 75;
  const inNoOrder = (index: number) => (index % 2) / 75;

  it('is read until older talks if the newest come first', async () => {
    const { provider, pages } = mockEndlessList({ daysOf: newestFirst });

    expect(await provider.findTalk('ours', now)).toBeUndefined();
    expect(pages()).toBe(1);
  });

  it('is read up to the talk itself', async () => {
    const { provider, pages } = mockEndlessList({ daysOf: newestFirst, ours: 130 });

    const fourDaysAgo = new Date(Date.now() - 4 * DAY_MS).toISOString();

    expect(await provider.findTalk('ours', fourDaysAgo)).toEqual({ talkId: 'tlk_130' });
    expect(pages()).toBe(4);
  });

  it('in no order is given up after 10,000 talks: whether ours is there is not known', async () => {
    const { provider, pages } = mockEndlessList({ daysOf: inNoOrder });

    await expect(provider.findTalk('ours', now)).rejects.toMatchObject({ code: 'PROVIDER_RESPONSE_INVALID' });
    expect(pages()).toBe(100);
  });

  it('in no order yields the talk if it is among them', async () => {
    const { provider } = mockEndlessList({ daysOf: inNoOrder, ours: 2_020 });

    expect(await provider.findTalk('ours')).toEqual({ talkId: 'tlk_2020' });
  });
});

describe('a webhook', () => {
  const taskId = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

  it.each<[string, object]>([
    ['`user_data`', { user_data: taskId }],
    [
      'the copy of the picture',
      {
        source_url: `https://d-id-talks-prod.s3.us-west-2.amazonaws.com/tlk_1/source/${taskId}.jpg?Expires=1`,
      },
    ],
    ['the picture', { source_url: `s3://d-id-images-prod/google-oauth2|1/img_1/${taskId}.png` }],
  ])('names its task by %s', (_, talk) => {
    const body = { id: 'tlk_1', status: 'done', ...talk };

    expect(dId.parseWebhook!(body)).toEqual({ taskId, mayHaveEnded: true });
    expect(dId.parseWebhook!({ ...body, status: 'started' })).toEqual({ taskId, mayHaveEnded: false });
  });

  it.each([
    { id: 'tlk_1', source_url: 'https://example.org/tlk_1/source/portrait.jpg' },
    { user_data: 'my own words', source_url: `https://example.org/${taskId}.jpg` },
    null,
  ])('of a talk of another program is ignored: %j', (body) => {
    expect(dId.parseWebhook!(body)).toBeUndefined();
  });
});
