import sharp from 'sharp';

/** A real photo of one colour and a recording of silence: the API looks at their first bytes only. */
export const PHOTO = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#cc8866' } })
  .png()
  .toBuffer();
export const VOICE = toWav(16_000);

/** A mono recording of 16 kHz: so much silence, or these samples. */
export function toWav(samples: number | Int16Array): Buffer {
  const pcm = typeof samples === 'number' ? new Int16Array(samples) : samples;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + pcm.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(pcm.byteLength, 40);
  return Buffer.concat([header, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength)]);
}

type Part = string | Uint8Array<ArrayBuffer> | Buffer;

/** A complete form, with fields replaced, added, or left out by `undefined`. */
export function jobForm(fields: Record<string, Part | undefined> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ image: PHOTO, audio: VOICE, ...fields })) {
    if (typeof value === 'string') {
      form.append(name, value);
    } else if (value) {
      form.append(name, new Blob([new Uint8Array(value)]), `${name}.bin`);
    }
  }
  return form;
}
