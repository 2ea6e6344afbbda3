"""
Trains the two speech networks: one for the shape of the mouth, one for voice activity. Takes about four minutes on one core.
    python train_speech.py ../../speech.json
"""
import base64
import json
import sys

import numpy as np

from channels import RATE, some_music, some_noise, through_channel
from espeak import Espeak
from features import log_mel, loudness_of, shape_inputs, spectra, voice_inputs  # noqa: F401
from texts import HELD_OUT, HELD_OUT_VOICES, TEXTS, VOICES
from utterances import speak

HIDDEN = 112
VOICE_HIDDEN = 24
COLOURINGS = 3


class Net:
    """One hidden layer of tanh; Adam."""

    def __init__(self, rng, sizes):
        self.w = [rng.standard_normal((a, b)).astype(np.float32) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]
        self.b = [np.zeros(b, np.float32) for b in sizes[1:]]
        self.state = [[np.zeros_like(p), np.zeros_like(p)] for p in self.w + self.b]
        self.steps = 0

    def run(self, x):
        return np.tanh(x @ self.w[0] + self.b[0]) @ self.w[1] + self.b[1]

    def step(self, x, gradient_of, rate):
        hidden = np.tanh(x @ self.w[0] + self.b[0])
        out = hidden @ self.w[1] + self.b[1]
        d_out = gradient_of(out) / len(x)
        d_hidden = (d_out @ self.w[1].T) * (1 - hidden ** 2)
        gradients = [x.T @ d_hidden, hidden.T @ d_out, d_hidden.sum(0), d_out.sum(0)]
        self.steps += 1
        for p, g, (m, v) in zip(self.w + self.b, gradients, self.state):
            m += .1 * (g - m)
            v += .01 * (g * g - v)
            p -= rate * (m / (1 - .9 ** self.steps) / (np.sqrt(v / (1 - .99 ** self.steps)) + 1e-8) + 1e-4 * p)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def fit(net, x, y, gradient, epochs, rng, batch=512, rate=2e-3):
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        at = rate * .5 * (1 + np.cos(np.pi * epoch / epochs))
        for start in range(0, len(order) - batch, batch):
            chosen = order[start: start + batch]
            net.step(x[chosen], lambda out: gradient(out, y[chosen]), at)


def shape_gradient(out, target):
    """Squares for jaw and width; cross entropy, the rare ones weighted up, for closure, lip on teeth and hiss."""
    gradient = np.empty_like(out)
    gradient[:, :2] = 4 * (out[:, :2] - target[:, :2])
    gradient[:, 2:] = (sigmoid(out[:, 2:]) - target[:, 2:5]) * (1 + np.array([5, 3, 1]) * target[:, 2:5])
    return gradient


def collect(espeak, rng):
    shapes, voices = [], []
    for language, texts in TEXTS.items():
        for text in texts:
            for voice in rng.choice(VOICES, 8 if language == 'en' else 4, replace=False):
                name = ('en-us' if rng.random() < .5 else 'en') if language == 'en' else language
                samples, targets, _ = speak(espeak, text, name + voice, rng)
                for colouring in range(COLOURINGS):
                    heard = through_channel(rng, samples) if colouring else samples
                    shapes.append((shape_inputs(heard), targets))
                voices.append(with_pauses(rng, samples, targets))
    for k in range(240):
        count = int(rng.uniform(4, 9) * RATE)
        sound = some_music(rng, count) if k % 3 else some_noise(rng, count)
        voices.append((voice_inputs(through_channel(rng, sound, (15, 50))), np.zeros(count // 160 + 1, np.float32)))
    return shapes, voices


def with_pauses(rng, samples, targets):
    """Speech between pauses of room noise, sometimes over much softer music."""
    before, after = (rng.uniform(0, 1.5, 2) * RATE).astype(int) // 160 * 160
    sound = np.concatenate([np.zeros(before), samples, np.zeros(after)]).astype(np.float32)
    if rng.random() < .25:
        sound += some_music(rng, len(sound)) * np.abs(samples).max() * rng.uniform(.02, .12)
    spoken = np.zeros(len(sound) // 160 + 1, np.float32)
    spoken[before // 160: before // 160 + len(targets)] = targets[:, 5]
    return voice_inputs(through_channel(rng, sound, (5, 40))), spoken


def pack(net, **more):
    return {
        'inputs': net.w[0].shape[0], 'hidden': net.w[0].shape[1], 'outputs': net.w[1].shape[1], **more,
        'weights': base64.b64encode(b''.join(p.astype('<f4').tobytes() for p in (net.w[0], net.b[0], net.w[1], net.b[1]))).decode(),
    }


def correlate(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def main():
    rng = np.random.default_rng(8)
    espeak = Espeak()
    shapes, voices = collect(espeak, rng)
    x, y = (np.concatenate(part) for part in zip(*shapes))
    print(f'{len(x)} frames of shapes')
    net = Net(rng, (x.shape[1], HIDDEN, 5))
    fit(net, x, y, shape_gradient, 30, rng)

    vx, vy = (np.concatenate(part) for part in zip(*voices))
    print(f'{len(vx)} frames of voices, {vy.mean():.2f} spoken')
    voice = Net(rng, (vx.shape[1], VOICE_HIDDEN, 1))
    fit(voice, vx, vy[:, None], lambda out, target: sigmoid(out) - target, 10, rng)

    held_x, held_y, held_v = [], [], []
    for text, name in zip(HELD_OUT * 2, HELD_OUT_VOICES * 2):
        samples, targets, _ = speak(espeak, text, 'en-us' + name, rng)
        held_x.append(shape_inputs(through_channel(rng, samples)))
        held_y.append(targets)
    out, target = net.run(np.concatenate(held_x)), np.concatenate(held_y)
    out[:, 2:] = sigmoid(out[:, 2:])
    card = {name: round(correlate(out[:, k], target[:, k]), 2) for k, name in enumerate(('jaw', 'wide', 'close', 'lipOnTeeth', 'hiss'))}
    print('held-out sentences and voices, through channels:', card)
    print('closed frames found', (out[target[:, 2] > .8, 2] > .5).mean(), 'false', (out[target[:, 2] < .05, 2] > .5).mean())
    for name, make in (('noise', some_noise), ('music', some_music)):
        probability = sigmoid(voice.run(voice_inputs(make(np.random.default_rng(99), 10 * RATE))))
        print(name, 'taken for speech', (probability > .5).mean())
    with open(sys.argv[1], 'w') as file:
        json.dump({'version': 1, 'heldOut': card, 'shapes': pack(net), 'voice': pack(voice)}, file)


main()
