"""Spoken sentences with their targets every 10 ms: jaw, wide, close, lip on teeth, hiss, and voice activity."""
import numpy as np

from channels import RATE, resample
from mouth_table import LABIAL, LIP_TEETH, shapes_of

PER_SECOND = 100
#: Smoothing of each target in milliseconds: a jaw is heavy, a closure is short.
SIGMA_MS = (35, 45, 12, 15, 15, 1)
#: Share of a voiced closure or nasal in which the lips touch, before they open into the next sound.
HELD = .7
LONGEST_CLOSURE_S = .1


def speak(espeak, text, voice, rng=None):
    """Samples at 16 kHz, targets [frames, 6], closures [(start, end)] in seconds."""
    rate = 170 if rng is None else int(rng.uniform(130, 220))
    samples, phonemes = espeak.say(text, voice, rate, *((50, 50) if rng is None else (int(rng.uniform(25, 75)), int(rng.uniform(30, 80)))))
    stretch = 1. if rng is None else rng.uniform(.88, 1.15)  # shifts formants too: other throats
    samples = resample(samples, RATE / espeak.rate_hz * stretch)
    phonemes = [(start * stretch, name) for start, name in phonemes]
    return samples, *targets_of(samples, phonemes)


def targets_of(samples, phonemes):
    fine = 1000
    end = len(samples) / RATE
    track = np.zeros((int(end * fine) + 1, 6), np.float32)
    closures = []
    starts = [start for start, _ in phonemes] + [end]
    previous = None
    for (start, name), until in zip(phonemes, starts[1:]):
        shape = shapes_of(name)
        if shape is None:
            if not name.startswith('('):
                previous = None
            continue
        path, hiss = shape
        span = slice(int(start * fine), max(int(start * fine) + 1, int(until * fine)))
        for part, (jaw, wide) in zip(np.array_split(np.arange(len(track))[span], len(path)), path):
            track[part, 0], track[part, 1] = jaw, wide
        track[span, 4], track[span, 5] = hiss, 1
        letter = name.lstrip('ˈˌ')[0]
        if letter in LABIAL:
            closed = (closure_start(samples, start, previous), start + .012) if letter == 'p' else (start, start + HELD * (until - start))
            closures.append(closed)
            track[int(closed[0] * fine): int(closed[1] * fine) + 1, 2] = 1
            track[int(closed[0] * fine): int(closed[1] * fine) + 1, 0] = 0
        if letter in LIP_TEETH:
            track[span, 3] = 1
        previous = name
    count = len(samples) // 160 + 1
    smooth = np.stack([blur(track[:, k], SIGMA_MS[k]) for k in range(6)], 1)
    at = np.minimum(np.arange(count) * (fine // PER_SECOND), len(smooth) - 1)
    return smooth[at].astype(np.float32), closures


def closure_start(samples, burst, previous):
    """espeak-ng places a voiceless stop at its burst. Its closure is the silence before."""
    if previous is None:
        return max(0., burst - .07)
    step, at = int(.005 * RATE), int(burst * RATE) - int(.012 * RATE)
    first = at
    while first - step > 0 and burst - first / RATE < LONGEST_CLOSURE_S and np.abs(samples[first - step: first]).max() < 2e-3:
        first -= step
    return first / RATE


def blur(values, sigma_ms):
    reach = int(3 * sigma_ms)
    kernel = np.exp(-.5 * (np.arange(-reach, reach + 1) / sigma_ms) ** 2)
    return np.convolve(np.pad(values, reach, 'edge'), kernel / kernel.sum(), 'valid')
