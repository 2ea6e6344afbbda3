import { readFile } from 'node:fs/promises';
import { createSmallNet, type SmallNet, type SmallNetFile } from './small-net.ts';

/** The two networks of our own that listen; `models/README.md` says how they came to be. */
export interface SpeechNets {
  /** What the mouth does. */
  shapes: SmallNet;
  /** Whether somebody speaks. */
  voice: SmallNet;
}

const FILE = new URL('../../../../models/speech.json', import.meta.url);

export async function readSpeechNets(): Promise<SpeechNets> {
  const { shapes, voice } = JSON.parse(await readFile(FILE, 'utf8')) as Record<
    keyof SpeechNets,
    SmallNetFile
  >;
  return { shapes: createSmallNet(shapes), voice: createSmallNet(voice) };
}
