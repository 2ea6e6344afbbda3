/** Sizes and parameters of a stream, from its "magic cookie" of 24 bytes. */
interface AlacConfig {
  frameLength: number;
  bitDepth: number;
  historyMultiplier: number;
  initialHistory: number;
  riceLimit: number;
  channels: number;
  sampleRateHz: number;
}

const COOKIE_BYTES = 24;
/** Size, name and version of the MP4 box around the cookie. */
const BOX_HEADER_BYTES = 12;
const MAX_FRAME_LENGTH = 65_536;
const MAX_CHANNELS = 8;

const SINGLE = 0;
const PAIR = 1;
const SUBWOOFER = 3;
const END = 7;
/** A predictor of this order adds up differences, without coefficients. */
const DIFFERENCES = 31;
/** A count of ones that is not followed by a remainder, but by the whole number. */
const ESCAPE = 9;

export interface AlacDecoder {
  sampleRateHz: number;
  /** @throws Error if the packet is damaged */
  decode(packet: Uint8Array): Float32Array[];
}

/**
 * Apple Lossless, which no library of a permissive licence decodes. It is linear prediction with coefficients that adapt,
 * and residuals in adaptive Golomb codes. @see https://github.com/macosforge/alac for the bit stream
 * @param description the magic cookie, alone or in its MP4 box
 * @throws Error if the cookie is damaged
 */
export function createAlacDecoder(description: Uint8Array): AlacDecoder {
  const config = readCookie(description);
  return { sampleRateHz: config.sampleRateHz, decode: (packet) => decodePacket(packet, config) };
}

function readCookie(description: Uint8Array): AlacConfig {
  const at = description.length >= COOKIE_BYTES + BOX_HEADER_BYTES ? BOX_HEADER_BYTES : 0;
  if (description.length < at + COOKIE_BYTES) {
    throw new Error('The description of Apple Lossless is too short.');
  }
  const view = new DataView(description.buffer, description.byteOffset + at, COOKIE_BYTES);
  const config = {
    frameLength: view.getUint32(0),
    bitDepth: view.getUint8(5),
    historyMultiplier: view.getUint8(6),
    initialHistory: view.getUint8(7),
    riceLimit: view.getUint8(8),
    channels: view.getUint8(9),
    sampleRateHz: view.getUint32(20),
  };
  const { frameLength, bitDepth, channels, riceLimit } = config;
  const isValid =
    frameLength > 0 &&
    frameLength <= MAX_FRAME_LENGTH &&
    [16, 20, 24, 32].includes(bitDepth) &&
    channels > 0 &&
    channels <= MAX_CHANNELS &&
    riceLimit <= 24;
  if (!isValid) {
    throw new Error('The description of Apple Lossless is damaged.');
  }
  return config;
}

function decodePacket(packet: Uint8Array, config: AlacConfig): Float32Array[] {
  const bits = new BitReader(packet);
  const channels: Float32Array[] = [];
  while (channels.length < config.channels && bits.left >= 3) {
    const element = bits.read(3);
    if (element === END) {
      break;
    }
    if (element !== SINGLE && element !== PAIR && element !== SUBWOOFER) {
      throw new Error(`Element ${element} of Apple Lossless holds no sound.`);
    }
    channels.push(...decodeElement(bits, element === PAIR ? 2 : 1, config));
  }
  const count = channels[0]?.length ?? 0;
  if (channels.length !== config.channels || channels.some(({ length }) => length !== count)) {
    throw new Error('A packet of Apple Lossless lacks a channel.');
  }
  return channels;
}

function decodeElement(bits: BitReader, count: 1 | 2, config: AlacConfig): Float32Array[] {
  bits.read(16); // instance and unused bits
  const hasLength = bits.read(1) === 1;
  const lowBits = bits.read(2) * 8;
  const isCompressed = bits.read(1) === 0;
  const length = hasLength ? bits.read(32) : config.frameLength;
  if (length > config.frameLength) {
    throw new Error('A packet of Apple Lossless is longer than announced.');
  }
  const channels = Array.from({ length: count }, () => new Int32Array(length));
  if (isCompressed) {
    decodeCompressed(bits, channels, lowBits, config);
  } else {
    for (let i = 0; i < length; i++) {
      for (const samples of channels) {
        samples[i] = extendSign(bits.read(config.bitDepth), config.bitDepth);
      }
    }
  }
  const scale = 1 / 2 ** (config.bitDepth - 1);
  return channels.map((samples) => Float32Array.from(samples, (value) => value * scale));
}

function decodeCompressed(
  bits: BitReader,
  channels: Int32Array[],
  lowBits: number,
  config: AlacConfig,
): void {
  const width = config.bitDepth - lowBits + channels.length - 1;
  const shift = bits.read(8);
  const leftWeight = bits.read(8);
  const predictors = channels.map(() => readPredictor(bits));
  // The low bits of long samples are not predicted.
  const low = channels.map(({ length }) => new Int32Array(lowBits > 0 ? length : 0));
  for (let i = 0; i < low[0]!.length; i++) {
    for (const values of low) {
      values[i] = bits.read(lowBits);
    }
  }
  channels.forEach((samples, channel) => {
    const predictor = predictors[channel]!;
    readResiduals(bits, samples, width, (predictor.historyShare * config.historyMultiplier) >> 2, config);
    if (predictor.isTwice) {
      predict(samples, width, { ...predictor, coefficients: new Int32Array(DIFFERENCES) });
    }
    predict(samples, width, predictor);
  });
  const [left, right] = channels as [Int32Array, Int32Array | undefined];
  if (right && leftWeight > 0) {
    for (let i = 0; i < left.length; i++) {
      const difference = right[i]!;
      const other = left[i]! - (Math.imul(difference, leftWeight) >> shift);
      left[i] = other + difference;
      right[i] = other;
    }
  }
  if (lowBits > 0) {
    channels.forEach((samples, channel) => {
      for (let i = 0; i < samples.length; i++) {
        samples[i] = (samples[i]! << lowBits) | low[channel]![i]!;
      }
    });
  }
}

interface Predictor {
  isTwice: boolean;
  /** Bits after the point of the coefficients. */
  precision: number;
  historyShare: number;
  /** The one for the newest sample last. */
  coefficients: Int32Array;
}

function readPredictor(bits: BitReader): Predictor {
  const isTwice = bits.read(4) !== 0;
  const precision = bits.read(4);
  const historyShare = bits.read(3);
  const coefficients = new Int32Array(bits.read(5));
  for (let i = coefficients.length - 1; i >= 0; i--) {
    coefficients[i] = extendSign(bits.read(16), 16);
  }
  return { isTwice, precision, historyShare, coefficients };
}

function readResiduals(
  bits: BitReader,
  samples: Int32Array,
  width: number,
  multiplier: number,
  { initialHistory, riceLimit }: AlacConfig,
): void {
  let history = initialHistory;
  let isAfterZeros = 0;
  for (let i = 0; i < samples.length; i++) {
    if (bits.left <= 0) {
      throw new Error('A packet of Apple Lossless is cut off.');
    }
    const value = readScalar(bits, Math.min(log2((history >> 9) + 3), riceLimit), width) + isAfterZeros;
    isAfterZeros = 0;
    samples[i] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    history =
      value > 0xffff ? 0xffff : history + value * multiplier - Math.floor((history * multiplier) / 512);
    if (history < 128 && i + 1 < samples.length) {
      // A run of zeros.
      const size = Math.min(7 - log2(history) + ((history + 16) >> 6), riceLimit);
      const zeros = readScalar(bits, size, 16);
      i += Math.min(zeros, samples.length - i - 1);
      isAfterZeros = zeros <= 0xffff ? 1 : 0;
      history = 0;
    }
  }
}

/** A Golomb code: the quotient in ones, then a remainder of `size` bits, or one less if it is 0 or 1. */
function readScalar(bits: BitReader, size: number, width: number): number {
  let quotient = 0;
  while (quotient < ESCAPE && bits.read(1) === 1) {
    quotient++;
  }
  if (quotient === ESCAPE) {
    return bits.read(width);
  }
  if (size <= 1) {
    return quotient;
  }
  const start = quotient * (2 ** size - 1);
  const high = bits.read(size - 1);
  return high === 0 ? start : start + 2 * high + bits.read(1) - 1;
}

/** Turns residuals into samples, in place. The coefficients adapt to each sign of a residual. */
function predict(samples: Int32Array, width: number, { coefficients, precision }: Predictor): void {
  const order = coefficients.length;
  if (order === 0) {
    return;
  }
  const warmUp = order === DIFFERENCES ? samples.length : Math.min(order + 1, samples.length);
  for (let i = 1; i < warmUp; i++) {
    samples[i] = extendSign(samples[i - 1]! + samples[i]!, width);
  }
  const half = precision > 0 ? 1 << (precision - 1) : 0;
  for (let i = warmUp; i < samples.length; i++) {
    const first = i - order;
    const base = samples[first - 1]!;
    let residual = samples[i]!;
    let sum = 0;
    for (let k = 0; k < order; k++) {
      sum = (sum + Math.imul(samples[first + k]! - base, coefficients[k]!)) | 0;
    }
    samples[i] = extendSign(((sum + half) >> precision) + base + residual, width);
    const sign = Math.sign(residual);
    for (let k = 0; k < order && residual * sign > 0; k++) {
      const distance = base - samples[first + k]!;
      const step = Math.sign(distance) * sign;
      coefficients[k]! -= step;
      residual -= ((distance * step) >> precision) * (k + 1);
    }
  }
}

function extendSign(value: number, bits: number): number {
  const unused = 32 - bits;
  return unused > 0 ? (value << unused) >> unused : value | 0;
}

function log2(value: number): number {
  return 31 - Math.clz32(value);
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length * 8 - this.#at;
  }

  /** The next bits as an unsigned number, at most 33. Zeros follow the end. */
  read(count: number): number {
    let value = 0;
    let missing = count;
    while (missing > 0) {
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      const available = 8 - (this.#at & 7);
      const taken = Math.min(available, missing);
      value = value * 2 ** taken + ((byte >> (available - taken)) & ((1 << taken) - 1));
      this.#at += taken;
      missing -= taken;
    }
    return value;
  }
}
