import { signal } from '@preact/signals';
import { sleep } from '../../src/client/sleep.ts';
import { MAX_AUDIO_S } from '../../src/contracts/media-limits.ts';
import { listMicrophones, type Microphone, openMicrophone } from '../media/recorder.ts';
import { strings } from '../strings/strings.ts';
import { announce } from '../ui/announcer.tsx';
import { takeVoice, voiceFault } from './draft.ts';
import { storedText } from './stored-text.ts';

export interface Recording {
  microphone: Microphone;
  /** First the level is checked, then a countdown runs, then the recording. */
  phase: 'check' | 'countdown' | 'recording';
  secondsLeft?: number;
  /** Milliseconds since 1970. */
  startedAt?: number;
}

/** The recorder, while it is open. The microphone is on exactly as long. */
export const recording = signal<Recording | undefined>(undefined);
export const microphones = signal<MediaDeviceInfo[]>([]);

const COUNTDOWN_S = 3;
const chosenMicrophone = storedText('limelight.microphone');

/** Aborted when the recorder is left. */
let visit = new AbortController();

/** Opens the microphone and shows its level. Does not record yet. */
export async function openRecorder(): Promise<void> {
  const t = strings.value.create.voice;
  voiceFault.value = undefined;
  if (!navigator.mediaDevices) {
    voiceFault.value = t.insecure;
    return;
  }
  closeRecorder();
  const { signal: left } = visit;
  try {
    const microphone = await openMicrophone(chosenMicrophone.read());
    if (left.aborted) {
      microphone.close();
      return;
    }
    microphone.onLost = async () => {
      await leaveRecorder();
      voiceFault.value = t.lost;
      announce(t.lost);
    };
    recording.value = { microphone, phase: 'check' };
    microphones.value = await listMicrophones();
  } catch {
    voiceFault.value = t.noMicrophone;
    announce(t.noMicrophone);
  }
}

export async function chooseMicrophone(deviceId: string): Promise<void> {
  chosenMicrophone.write(deviceId);
  await openRecorder();
}

/** Counts down, then records until `stopRecording`, or to the longest recording that the server accepts. */
export async function startRecording(): Promise<void> {
  const { signal: left } = visit;
  for (let secondsLeft = COUNTDOWN_S; secondsLeft > 0; secondsLeft -= 1) {
    recording.value = { ...recording.value!, phase: 'countdown', secondsLeft };
    announce(String(secondsLeft));
    await sleep(1_000);
    if (left.aborted) return;
  }
  recording.value!.microphone.record();
  recording.value = { ...recording.value!, phase: 'recording', startedAt: Date.now() };
  announce(strings.value.create.voice.recording);
  const timer = setTimeout(() => void stopRecording(), (MAX_AUDIO_S - 1) * 1000);
  left.addEventListener('abort', () => clearTimeout(timer));
}

/** Releases the microphone and takes the recording into the draft. */
export async function stopRecording(): Promise<void> {
  const { microphone } = recording.value!;
  recording.value = undefined;
  visit.abort();
  const file = await microphone.stop();
  await takeVoice(file, strings.value.create.voice.recorded, { isRecorded: true });
}

/** Releases the microphone. */
export function closeRecorder(): void {
  visit.abort();
  visit = new AbortController();
  recording.value?.microphone.close();
  recording.value = undefined;
}

/** Releases the microphone when the view is left, and keeps what was recorded so far. */
export async function leaveRecorder(): Promise<void> {
  if (recording.value?.phase === 'recording') await stopRecording();
  else closeRecorder();
}

// The browser asks before it closes the page, because a recording in progress is not stored.
addEventListener('beforeunload', (event) => {
  if (recording.value?.phase === 'recording') event.preventDefault();
});
