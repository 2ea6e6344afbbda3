import { startEmulator } from '../../../emulators/d-id/start-emulator.ts';
import { dId } from '../../../src/providers/d-id/descriptor.ts';
import { remoteProviderSuite } from '../../suites/remote-provider.ts';

const API_KEY = 'someone:secret';

remoteProviderSuite({
  descriptor: dId,
  module: new URL('../../../src/providers/d-id/descriptor.ts', import.meta.url).href,
  name: 'dId',
  async start() {
    const emulator = await startEmulator();
    const now = { isOut: false, talkMs: 60, answerDelayMs: 0 };
    const account = emulator.open({
      apiKey: API_KEY,
      talkMs: () => now.talkMs,
      faults(call) {
        if (now.isOut) {
          return { kind: 'answer', status: 503, error: 'Unavailable' };
        }
        return call === 'createTalk' && now.answerDelayMs > 0
          ? { kind: 'stall', ms: now.answerDelayMs }
          : undefined;
      },
    });
    return {
      env: { D_ID_API_URL: emulator.url, D_ID_API_KEY: API_KEY, D_ID_TIME_SCALE: '0.02' },
      paid: () => account.ledger.map(({ userData }) => userData!),
      credits: () => account.credits,
      leftovers: () => account.leftovers,
      setOut: (isOut) => {
        now.isOut = isOut;
      },
      setTalkMs: (ms) => {
        now.talkMs = ms;
      },
      setAnswerDelay: (ms) => {
        now.answerDelayMs = ms;
      },
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
});
