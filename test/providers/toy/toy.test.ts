import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResultVideos } from '../../../emulators/d-id/result-video.ts';
import { remoteProviderSuite, SERVICE_CALLS, type ServiceCall } from '../../suites/remote-provider.ts';
import { buzz, writeVoice } from '../local/talk-files.ts';
import { toy } from './descriptor.ts';
import { ToyServer } from './toy-server.ts';

const REQUESTS: Record<ServiceCall, string> = {
  order: 'PUT clip',
  search: 'GET clips',
  delete: 'DELETE thing',
};

remoteProviderSuite({
  descriptor: toy,
  module: new URL('descriptor.ts', import.meta.url).href,
  name: 'toy',
  async start() {
    const server = new ToyServer(await makeVideo());
    return {
      env: { TOY_URL: await server.listen(), TOY_KEY: 'toy-key', TOY_TALKS_IN_FLIGHT: '1' },
      paid: () => server.paid,
      credits: () => server.coins,
      leftovers: () => [...server.files.keys(), ...server.clips.keys()],
      setOut: (isOut) => {
        server.isOut = isOut;
      },
      setTalkMs: (ms) => {
        server.clipMs = ms;
      },
      setAnswerDelays: ({ order = 0, upload = 0 }) => {
        server.delaysMs.clip = order;
        server.delaysMs.file = upload;
      },
      setFaults: (faults) => {
        server.faults.clear();
        for (const call of SERVICE_CALLS) {
          const fault = faults[call];
          if (fault) server.faults.set(REQUESTS[call], fault);
        }
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
});

async function makeVideo(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-toy-'));
  const path = new URL('../../../samples/portrait.jpg', import.meta.url).pathname;
  const voice = await writeVoice(join(folder, 'voice.wav'), buzz(1));
  const picture = { path, bytes: await readFile(path) };
  const video = await readFile(await new ResultVideos(folder).make(picture, voice, true));
  await rm(folder, { recursive: true });
  return video;
}
