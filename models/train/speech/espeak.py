"""Speech with the times of its phonemes, from the library of espeak-ng (`apt-get install libespeak-ng1 espeak-ng-data`)."""
import ctypes

import numpy as np

SYNCHRONOUS, PHONEME_EVENTS, PHONEME_IPA, CHARS_UTF8 = 2, 1, 2, 1
EVENT_END, EVENT_PHONEME = 0, 7
PARAMETER_RATE, PARAMETER_PITCH, PARAMETER_RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_ = [('number', ctypes.c_int), ('name', ctypes.c_char_p), ('string', ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ('type', ctypes.c_int), ('identifier', ctypes.c_uint), ('text_position', ctypes.c_int), ('length', ctypes.c_int),
        ('audio_ms', ctypes.c_int), ('sample', ctypes.c_int), ('user', ctypes.c_void_p), ('id', _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    def __init__(self):
        self._lib = ctypes.CDLL('libespeak-ng.so.1')
        self.rate_hz = self._lib.espeak_Initialize(SYNCHRONOUS, 0, None, PHONEME_EVENTS | PHONEME_IPA)
        self._callback = _CALLBACK(self._collect)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._pieces, self._phonemes = [], []

    def _collect(self, samples, count, events):
        if samples and count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 32768)
        at = 0
        while events[at].type != EVENT_END:
            if events[at].type == EVENT_PHONEME:
                # An array of characters ends at its first zero: eight bytes of IPA need none.
                name = bytes(events[at].id.string).decode('utf-8', 'ignore')
                self._phonemes.append((events[at].audio_ms / 1000, name))
            at += 1
        return 0

    def say(self, text, voice, rate=170, pitch=50, pitch_range=50):
        """Samples at `rate_hz`, and (start in seconds, IPA) of each phoneme; a pause is an empty name."""
        self._pieces, self._phonemes = [], []
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f'espeak-ng has no voice {voice}')
        for parameter, value in ((PARAMETER_RATE, rate), (PARAMETER_PITCH, pitch), (PARAMETER_RANGE, pitch_range)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._lib.espeak_Synth(data, len(data) + 1, 0, 0, 0, CHARS_UTF8, None, None)
        self._lib.espeak_Synchronize()
        return np.concatenate(self._pieces), self._phonemes
