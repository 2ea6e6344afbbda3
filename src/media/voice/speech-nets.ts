import { readFile } from 'node:fs/promises';
import { createSmallNet, type SmallNet, type SmallNetFile } from './small-net.ts';

/** Our own two networks for voices; `models/README.md` describes their training. */
export interface SpeechNets {
  /** Shape of the mouth. */
  shapes: SmallNet;
  /** Probability of speech. */
  voice: SmallNet;
}

const FILE = new URL('../../../models/speech.json', import.meta.url);

export async function readSpeechNets(): Promise<SpeechNets> {
  const { shapes, voice } = JSON.parse(await readFile(FILE, 'utf8')) as Record<
    keyof SpeechNets,
    SmallNetFile
  >;
  return { shapes: createSmallNet(shapes), voice: createSmallNet(voice) };
}
