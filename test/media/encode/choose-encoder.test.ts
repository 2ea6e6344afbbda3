import { describe, expect, it } from 'vitest';
import { chooseEncoder, type Trial } from '../../../src/media/encode/choose-encoder.ts';

const FORMAT = { widthPx: 96, heightPx: 64, framesPerS: 25 };
const DESCRIPTION = Uint8Array.of(1, 100, 0, 40);
const CARD = ['cuda'];

/** Software works; hardware works if the test says so. */
function trialOf(hardware: () => Promise<Uint8Array | undefined>): { trial: Trial; tried: string[] } {
  const tried: string[] = [];
  return {
    tried,
    trial(_, acceleration) {
      tried.push(acceleration);
      return acceleration === 'prefer-hardware' ? hardware() : Promise.resolve(DESCRIPTION);
    },
  };
}

describe('the encoder of a talk', () => {
  it("is a graphics card's if that encodes", async () => {
    const { trial } = trialOf(async () => DESCRIPTION);

    expect(await chooseEncoder(FORMAT, { accelerators: CARD, trial })).toEqual({
      acceleration: 'prefer-hardware',
      description: DESCRIPTION,
    });
  });

  it.each([
    ['fails', async () => Promise.reject(new Error('out of sessions'))],
    ['gives nothing', async () => undefined],
    ['hangs', () => new Promise<undefined>(() => {})],
  ])('is the one in software where that of the card %s', async (_, hardware) => {
    const { trial, tried } = trialOf(hardware);

    const { acceleration } = await chooseEncoder(FORMAT, { accelerators: CARD, trial, trialTimeoutMs: 50 });

    expect([tried, acceleration]).toEqual([['prefer-hardware', 'prefer-software'], 'prefer-software']);
  });

  it('does not try a card if there is none', async () => {
    const { trial, tried } = trialOf(async () => DESCRIPTION);
    await chooseEncoder(FORMAT, { accelerators: [], trial });

    expect(tried).toEqual(['prefer-software']);
  });

  it('gives decoders the same parameters each time, so that an interrupted talk can continue', async () => {
    const [first, again] = [await chooseEncoder(FORMAT), await chooseEncoder(FORMAT)];

    expect(first.description.length).toBeGreaterThan(8);
    expect(again).toEqual(first);
  });
});
