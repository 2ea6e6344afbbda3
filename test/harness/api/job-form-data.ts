import sharp from 'sharp';

/** A real photo of one colour and a recording of silence: the API looks at their first bytes only. */
export const PHOTO = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#cc8866' } })
  .png()
  .toBuffer();
export const VOICE = toWav(16_000);

export function toWav(samples: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2)]);
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
