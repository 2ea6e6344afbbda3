"""Effects of microphones, rooms and phone lines on a voice."""
import numpy as np

RATE = 16000


def resample(samples, ratio):
    """Resamples to `ratio` times as many samples."""
    target = int(round(len(samples) * ratio))
    spectrum = np.fft.rfft(samples)
    size = target // 2 + 1
    cut = np.zeros(size, complex)
    cut[: min(size, len(spectrum))] = spectrum[:size]
    return (np.fft.irfft(cut, target) * ratio).astype(np.float32)


def coloured_noise(rng, count, slope):
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.maximum(1, np.arange(len(spectrum)) * RATE / count / 60) ** slope
    noise = np.fft.irfft(spectrum, count)
    return (noise / (noise.std() + 1e-9)).astype(np.float32)


def hum(rng, count):
    time, base = np.arange(count) / RATE, rng.uniform(45, 130)
    tone = sum(np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6)) / k ** rng.uniform(.5, 1.5) for k in range(1, 12))
    return (tone / tone.std()).astype(np.float32)


def some_noise(rng, count):
    noise = hum(rng, count) if rng.random() < .15 else coloured_noise(rng, count, rng.choice([0, .5, 1, 1.5]))
    if rng.random() < .3:  # swelling machines, passing traffic
        swell = np.interp(np.arange(count), np.arange(0, count + RATE, RATE // 2), rng.uniform(.1, 1, count // (RATE // 2) + 3)[: len(np.arange(0, count + RATE, RATE // 2))])
        noise = noise * swell.astype(np.float32)
    return noise


def shape_spectrum(rng, samples):
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    gain = np.ones_like(hz)
    if rng.random() < .7:  # tilt in decibels an octave
        gain *= 10 ** (rng.uniform(-5, 4) * np.log2(np.maximum(hz, 60) / 800) / 20)
    if rng.random() < .5:
        gain *= 1 / np.sqrt(1 + (hz / rng.uniform(2800, 7000)) ** 12)
    if rng.random() < .5:
        gain *= 1 / np.sqrt(1 + (rng.uniform(60, 320) / np.maximum(hz, 1)) ** 6)
    if rng.random() < .4:  # resonances of rooms and boxes
        for _ in range(3):
            gain *= 10 ** (rng.uniform(-8, 8) * np.exp(-((np.log2(np.maximum(hz, 30) / rng.uniform(150, 5000))) / .35) ** 2) / 20)
    return np.fft.irfft(spectrum * gain, len(samples)).astype(np.float32)


def reverberate(rng, samples):
    length = int(rng.uniform(.08, .45) * RATE)
    tail = rng.standard_normal(length) * np.exp(-5 * np.arange(length) / length)
    tail *= rng.uniform(.05, .5) / np.sqrt((tail ** 2).sum())
    tail[0] = 1
    size = 1 << (len(samples) + length - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)[: len(samples)].astype(np.float32)


def through_channel(rng, samples, snr=(8, 40)):
    samples = shape_spectrum(rng, samples)
    if rng.random() < .5:
        samples = reverberate(rng, samples)
    loud = np.sqrt((samples ** 2).mean()) + 1e-9
    if rng.random() < .8:
        samples = samples + loud * 10 ** (-rng.uniform(*snr) / 20) * some_noise(rng, len(samples))
    if rng.random() < .2:
        limit = np.quantile(np.abs(samples), rng.uniform(.97, .999))
        samples = np.clip(samples, -limit, limit)
    return (samples / (np.abs(samples).max() + 1e-9) * 10 ** (-rng.uniform(1, 20) / 20)).astype(np.float32)


def some_music(rng, count):
    """Chords and melodies on instruments that pluck or sustain, with or without drums."""
    music = np.zeros(count, np.float32)
    beat = rng.uniform(.15, .7)
    root, scale = rng.uniform(50, 220), np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 19, 24])
    partials = np.arange(1, rng.integers(4, 16))
    roll, decay, attack, vibrato = rng.uniform(.4, 2.2), rng.uniform(.15, 3), rng.uniform(.003, .12), rng.uniform(0, .008)
    formants = rng.uniform(300, 3500, 3)
    for voice in range(rng.integers(1, 5)):
        at = 0.
        while at < count / RATE:
            long = beat * rng.choice([.5, 1, 1, 2, 4])
            start, size = int(at * RATE), int(min(long * rng.uniform(.7, 1.4), 4) * RATE)
            size = min(size, count - start)
            if size > 200 and rng.random() < .88:
                time = np.arange(size) / RATE
                hz = root * 2 ** (rng.choice(scale) / 12) * 2 ** (voice // 2)
                phase = 2 * np.pi * hz * (time + vibrato / 30 * np.sin(2 * np.pi * rng.uniform(4, 7) * time))
                note = np.zeros(size)
                for k in partials:
                    if hz * k < 7800:
                        body = 1 + 2 * np.exp(-(((hz * k - formants) / 250) ** 2)).sum()
                        note += body * np.sin(k * phase + rng.uniform(0, 6)) / k ** roll
                envelope = np.minimum(1, time / attack) * np.exp(-time / decay) * np.minimum(1, (size / RATE - time) / .02)
                music[start: start + size] += (note * envelope * rng.uniform(.4, 1)).astype(np.float32)
            at += long
    if rng.random() < .4:
        for start in range(0, count - RATE // 4, int(beat * RATE)):
            size = int(rng.uniform(.05, .2) * RATE)
            hit = coloured_noise(rng, size, rng.choice([0, 1])) * np.exp(-6 * np.arange(size) / size)
            music[start: start + size] += hit * music.std() * rng.uniform(.5, 2.5)
    return music / (np.abs(music).max() + 1e-9)
