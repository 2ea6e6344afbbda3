"""
Writes the inputs of the networks for the first seconds of the tests' speech, so that a test can compare the renderer's features with them.
    python write_parity.py ../../../test/providers/local/fixtures
"""
import json
import subprocess
import sys

import numpy as np

from channels import RATE
from features import shape_inputs, voice_inputs

SECONDS = 2
FRAMES = (0, 24, 61, 102, 143, 200)

pcm = subprocess.run(
    ['ffmpeg', '-v', 'error', '-i', f'{sys.argv[1]}/labials.flac', '-t', str(SECONDS), '-f', 's16le', '-'],
    capture_output=True, check=True).stdout
samples = np.frombuffer(pcm, '<i2').astype(np.float32) / 32768
assert len(samples) == SECONDS * RATE
rows = {name: inputs(samples)[list(FRAMES)].round(3).tolist() for name, inputs in (('shapes', shape_inputs), ('voice', voice_inputs))}
with open(f'{sys.argv[1]}/voice-features.json', 'w') as file:
    json.dump({'seconds': SECONDS, 'frames': FRAMES, **rows}, file, indent=None)
    file.write('\n')
