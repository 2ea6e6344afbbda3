"""
Writes speech for the tests that is not in the training, with the times of closed lips.
    python write_labials.py ../../../test/providers/local/fixtures
"""
import json
import subprocess
import sys

import numpy as np

from channels import RATE
from espeak import Espeak
from texts import HELD_OUT, HELD_OUT_VOICES
from utterances import speak

espeak, pieces, closures, at = Espeak(), [], [], 0.
for text, voice in zip(HELD_OUT, HELD_OUT_VOICES):
    samples, _, found = speak(espeak, text, 'en-us' + voice)
    pieces += [samples * .5 / np.abs(samples).max(), np.zeros(RATE // 2)]
    closures += [[round(at + start, 3), round(at + end, 3)] for start, end in found]
    at += len(samples) / RATE + .5
pcm = (np.concatenate(pieces) * 32767).astype('<i2').tobytes()
subprocess.run(
    ['ffmpeg', '-v', 'error', '-y', '-f', 's16le', '-ar', str(RATE), '-ac', '1', '-i', '-', '-map_metadata', '-1',
     '-c:a', 'flac', '-compression_level', '12', f'{sys.argv[1]}/labials.flac'],
    input=pcm, check=True)
with open(f'{sys.argv[1]}/labials.json', 'w') as file:
    json.dump(closures, file)
    file.write('\n')
