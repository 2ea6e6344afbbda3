import type { Call, Fault } from '../../../emulators/d-id/faults.ts';
import { startEmulator } from '../../../emulators/d-id/start-emulator.ts';
import { dId } from '../../../src/providers/d-id/descriptor.ts';
import {
  remoteProviderSuite,
  type ServiceCall,
  type ServiceDelays,
  type ServiceFault,
  type ServiceFaults,
} from '../../suites/remote-provider.ts';

const API_KEY = 'someone:secret';
const KINDS: Partial<Record<Call, ServiceCall | 'upload'>> = {
  uploadImage: 'upload',
  uploadAudio: 'upload',
  createTalk: 'order',
  listTalks: 'search',
  deleteTalk: 'delete',
  deleteImage: 'delete',
  deleteAudio: 'delete',
};
const FAULTS: Record<ServiceFault, Fault> = {
  out: { kind: 'answer', status: 503, error: 'Unavailable' },
  unauthorized: { kind: 'answer', status: 401, error: 'Unauthorized' },
  lost: { kind: 'reset', after: true },
};

remoteProviderSuite({
  descriptor: dId,
  module: new URL('../../../src/providers/d-id/descriptor.ts', import.meta.url).href,
  name: 'dId',
  async start() {
    const emulator = await startEmulator();
    const now = { isOut: false, talkMs: 60, delays: {} as ServiceDelays, faults: {} as ServiceFaults };
    const account = emulator.open({
      apiKey: API_KEY,
      talkMs: () => now.talkMs,
      faults(call) {
        const kind = KINDS[call];
        const fault = now.isOut ? 'out' : kind && kind !== 'upload' ? now.faults[kind] : undefined;
        if (fault) return FAULTS[fault];
        const delayMs = kind === 'order' || kind === 'upload' ? now.delays[kind] : undefined;
        return delayMs ? { kind: 'stall', ms: delayMs } : undefined;
      },
    });
    return {
      env: {
        D_ID_API_URL: emulator.url,
        D_ID_API_KEY: API_KEY,
        D_ID_TIME_SCALE: '0.02',
        D_ID_TALKS_IN_FLIGHT: '1',
      },
      paid: () => account.ledger.map(({ userData }) => userData!),
      credits: () => account.credits,
      leftovers: () => account.leftovers,
      setOut: (isOut) => {
        now.isOut = isOut;
      },
      setTalkMs: (ms) => {
        now.talkMs = ms;
      },
      setAnswerDelays: (delays) => {
        now.delays = delays;
      },
      setFaults: (faults) => {
        now.faults = faults;
      },
      [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
    };
  },
});
