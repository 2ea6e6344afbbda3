import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { MainModule } from 'libheif-js/libheif-wasm/libheif.js';

/** Upright, 8 bits per channel, not premultiplied. */
export interface HeicPixels {
  bytes: Buffer;
  widthPx: number;
  heightPx: number;
  channels: 3 | 4;
  /** If the file has an ICC profile. */
  icc?: Buffer;
}

export interface OpenHeic {
  /** Of the upright picture. */
  widthPx: number;
  heightPx: number;
  hasAlpha: boolean;
  /** Blocks the thread. Call it once. Throws if the picture is damaged. */
  decode(): HeicPixels;
}

/** Values of libheif's enumerations. */
const COLORSPACE_RGB = 1;
const CHROMA_INTERLEAVED_RGB = 10;
const CHROMA_INTERLEAVED_RGBA = 11;
const CHANNEL_INTERLEAVED = 10;
/** `heif_error`: code, details and text. */
const ERROR_BYTES = 12;
const ERROR_TEXT_AT = 8;
const POINTER_BYTES = 4;
/** `strict_decoding` in `heif_decoding_options`: damage is an error, not a best effort. */
const STRICT_AT = 21;

type Library = MainModule & { HEAPU8: Uint8Array };
type Load = (options: { wasmBinary: Uint8Array }) => Library;

const require = createRequire(import.meta.url);
let wasmBinary: Promise<Uint8Array> | undefined;

/** Loads libheif (https://github.com/strukturag/libheif) when the first picture needs it. */
async function createLibrary(): Promise<Library> {
  wasmBinary ??= readFile(require.resolve('libheif-js/libheif-wasm/libheif.wasm'));
  const load = require('libheif-js/libheif-wasm/libheif.js') as Load;
  return load({ wasmBinary: await wasmBinary });
}

/**
 * Reads the headers of a HEIC file, of a still picture or of a sequence. It is decoded in WebAssembly, each picture in an
 * instance of its own, because the memory of an instance never shrinks: it is freed as a whole, with this object.
 * @throws Error with the text of libheif if the headers are damaged
 */
export async function openHeic(file: Uint8Array, maxPixels: number): Promise<OpenHeic> {
  const heif = await createLibrary();
  const view = () => new DataView(heif.HEAPU8.buffer);
  const error = heif._malloc(ERROR_BYTES);
  const out = heif._malloc(POINTER_BYTES);

  /** Calls a function that returns `heif_error`, and returns what it wrote to `out`. */
  const call = (run: () => void): number => {
    run();
    if (view().getUint32(error, true) !== 0) {
      throw new Error(`libheif: ${readText(heif.HEAPU8, view().getUint32(error + ERROR_TEXT_AT, true))}`);
    }
    return view().getUint32(out, true);
  };

  const bytes = heif._malloc(file.length);
  heif.HEAPU8.set(file, bytes);
  const context = heif._heif_context_alloc();
  heif._heif_context_set_maximum_image_size_limit(context, Math.ceil(Math.sqrt(maxPixels)));
  call(() => heif._heif_context_read_from_memory_without_copy(error, context, bytes, file.length, 0));
  const hasStill = heif._heif_context_get_number_of_top_level_images(context) > 0;
  const source = hasStill ? openStill() : openFirstFrame();

  function openStill() {
    const handle = call(() => heif._heif_context_get_primary_image_handle(error, context, out));
    return {
      widthPx: heif._heif_image_handle_get_width(handle),
      heightPx: heif._heif_image_handle_get_height(handle),
      hasAlpha: heif._heif_image_handle_has_alpha_channel(handle) !== 0,
      read: (chroma: number, options: number) =>
        heif._heif_decode_image(error, handle, out, COLORSPACE_RGB, chroma, options),
      readProfile() {
        const length = heif._heif_image_handle_get_raw_color_profile_size(handle);
        const place = heif._malloc(length);
        if (length > 0) {
          call(() => heif._heif_image_handle_get_raw_color_profile(error, handle, place));
        }
        return Buffer.from(heif.HEAPU8.subarray(place, place + length));
      },
    };
  }

  function openFirstFrame() {
    const track = heif._heif_context_has_sequence(context) ? heif._heif_context_get_track(context, 0) : 0;
    if (track === 0) {
      throw new Error('libheif: The file has no picture.');
    }
    call(() => heif._heif_track_get_image_resolution(error, track, out, out + 2));
    return {
      widthPx: view().getUint16(out, true),
      heightPx: view().getUint16(out + 2, true),
      hasAlpha: heif._heif_track_has_alpha_channel(track) !== 0,
      read: (chroma: number, options: number) =>
        heif._heif_track_decode_next_image(error, track, out, COLORSPACE_RGB, chroma, options),
      readProfile: () => Buffer.alloc(0),
    };
  }

  function decode(): HeicPixels {
    const options = heif._heif_decoding_options_alloc();
    heif.HEAPU8[options + STRICT_AT] = 1;
    const chroma = source.hasAlpha ? CHROMA_INTERLEAVED_RGBA : CHROMA_INTERLEAVED_RGB;
    const image = call(() => source.read(chroma, options));
    const widthPx = heif._heif_image_get_width(image, CHANNEL_INTERLEAVED);
    const heightPx = heif._heif_image_get_height(image, CHANNEL_INTERLEAVED);
    const plane = heif._heif_image_get_plane_readonly(image, CHANNEL_INTERLEAVED, out);
    const stride = view().getInt32(out, true);
    const channels = source.hasAlpha ? 4 : 3;
    const rowBytes = widthPx * channels;
    const pixels = Buffer.alloc(rowBytes * heightPx);
    for (let row = 0; row < heightPx; row += 1) {
      const start = plane + row * stride;
      pixels.set(heif.HEAPU8.subarray(start, start + rowBytes), row * rowBytes);
    }
    if (source.hasAlpha && heif._heif_image_is_premultiplied_alpha(image) !== 0) {
      unpremultiply(pixels);
    }
    const icc = source.readProfile();
    return { bytes: pixels, widthPx, heightPx, channels, ...(icc.length > 0 && { icc }) };
  }

  const { widthPx, heightPx, hasAlpha } = source;
  return { widthPx, heightPx, hasAlpha, decode };
}

function readText(memory: Uint8Array, start: number): string {
  return Buffer.from(memory.subarray(start, memory.indexOf(0, start))).toString();
}

/** Divides the colours by the opacity. */
function unpremultiply(rgba: Buffer): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const opacity = rgba[at + 3]!;
    for (let channel = at; opacity > 0 && channel < at + 3; channel += 1) {
      rgba[channel] = Math.min(255, Math.round((rgba[channel]! * 255) / opacity));
    }
  }
}
