"""The features that the renderer computes from a voice. Keep it in step with `src/media/voice`."""
import numpy as np

RATE, HOP, WINDOW, BANDS = 16000, 160, 512, 24
LOW_HZ, HIGH_HZ = 80, 7600
OFFSETS = (-9, -6, -3, -1, 0, 1, 3, 6, 9)
VOICE_OFFSETS = (-45, -30, -20, -12, -6, -2, 2, 6, 12, 20, 30, 45)


def mel(hz):
    return 2595 * np.log10(1 + hz / 700)


def mel_filters():
    edges = np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BANDS + 2)
    bins = mel(np.arange(WINDOW // 2) * RATE / WINDOW)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


FILTERS = mel_filters()
HANN = (.5 - .5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
_FREQUENCIES = np.arange(WINDOW // 2) * RATE / WINDOW
SPEECH = (_FREQUENCIES >= 150) & (_FREQUENCIES <= 4000)


def decibels(power):
    return np.maximum(-100, 10 * np.log10(power / (WINDOW / 4) ** 2 + 1e-12))


def spectra(samples):
    """Power of each 10 ms, centred on it."""
    count = len(samples) // HOP + 1
    padded = np.concatenate([np.zeros(WINDOW // 2), samples, np.zeros(WINDOW)]).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    return (np.abs(np.fft.rfft(frames * HANN)) ** 2)[:, : WINDOW // 2]


def log_mel(power):
    return decibels(power @ FILTERS.T).astype(np.float32)


def loudness_of(power):
    """(0..1 between floor and loud speech, whether it counts as loud) of each frame."""
    level = decibels(power[:, SPEECH].sum(1))
    peak = max(np.quantile(level, .95), -55)
    floor = np.clip(np.quantile(level, .08), peak - 45, peak - 18)
    return np.clip((level - floor - 8) / (peak - floor - 8), 0, 1).astype(np.float32), level > floor + .35 * (peak - floor)


def shape_inputs(samples):
    power = spectra(samples)
    bands = log_mel(power)
    loudness, loud = loudness_of(power)
    chosen = bands[loud] if loud.sum() > 20 else bands
    deviation = np.maximum(3, chosen.std(0))
    normal = np.clip((bands - chosen.mean(0)) / deviation, -4, 3)
    return stack(np.concatenate([normal, loudness[:, None]], 1), OFFSETS)


def voice_inputs(samples):
    """Bands against the loudest of the recording and against their own second: the pattern counts, not the level."""
    power = spectra(samples)
    bands = log_mel(power)
    level = decibels(power[:, SPEECH].sum(1))
    reference = max(np.quantile(level, .95), -55)
    pairs = (bands[:, 0::2] + bands[:, 1::2]) / 2
    relative = np.clip((pairs - reference + 30) / 15, -3, 3)
    return stack(np.concatenate([relative, periodicity(samples, len(bands))[:, None]], 1), (0, *VOICE_OFFSETS))


def periodicity(samples, count):
    """The largest normalised autocorrelation at lags of 70 to 350 Hz of each frame, 0..1; by the spectrum of 8 kHz."""
    padded = np.concatenate([np.zeros(WINDOW), samples, np.zeros(2 * WINDOW)]).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * WINDOW)[::HOP][:count]
    window = (.5 - .5 * np.cos(2 * np.pi * np.arange(2 * WINDOW) / (2 * WINDOW))).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    power[:, : round(60 * 2 * WINDOW / RATE)] = 0
    power[:, round(1200 * 2 * WINDOW / RATE):] = 0
    auto = np.fft.irfft(power)
    lags = auto[:, RATE // 350: RATE // 70]
    return np.clip(lags.max(1) / (auto[:, 0] + 1e-9), 0, 1).astype(np.float32)


def stack(frames, offsets):
    at = np.clip(np.arange(len(frames))[:, None] + np.array(offsets), 0, len(frames) - 1)
    return frames[at].reshape(len(frames), -1).astype(np.float32)
