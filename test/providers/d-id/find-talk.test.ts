import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
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
  return { dId: dIdAt({ url: API, dispatcher: agent }), pages: () => pages };
}

describe('an endless list of talks', () => {
  const now = new Date().toISOString();
  const newestFirst = (index: number) => -index / 75;
  const inNoOrder = (index: number) => (index % 2) / 75;

  it('is read until older talks if the newest come first', async () => {
    const { dId, pages } = mockEndlessList({ daysOf: newestFirst });

    expect(await dId.findTalk('ours', now)).toBeUndefined();
    expect(pages()).toBe(1);
  });

  it('is read up to the talk itself', async () => {
    const { dId, pages } = mockEndlessList({ daysOf: newestFirst, ours: 130 });

    const fourDaysAgo = new Date(Date.now() - 4 * DAY_MS).toISOString();

    expect(await dId.findTalk('ours', fourDaysAgo)).toEqual({ talkId: 'tlk_130' });
    expect(pages()).toBe(4);
  });

  it('in no order is given up after 10,000 talks: whether ours is there is not known', async () => {
    const { dId, pages } = mockEndlessList({ daysOf: inNoOrder });

    await expect(dId.findTalk('ours', now)).rejects.toMatchObject({ code: 'PROVIDER_RESPONSE_INVALID' });
    expect(pages()).toBe(100);
  });

  it('in no order yields the talk if it is among them', async () => {
    const { dId } = mockEndlessList({ daysOf: inNoOrder, ours: 2_020 });

    expect(await dId.findTalk('ours')).toEqual({ talkId: 'tlk_2020' });
  });
});
