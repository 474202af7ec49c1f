#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden values of the music layer from librosa (0.11; needs librosa and numpy).

Run:  python3 tests/golden/make_music_golden.py tests/golden
Writes music.npz. The sounds are formulas of the sample's index that tests/music/sounds.cpp knows too, so the file holds
only results, a group of arrays a case: "<case>.envelope", "<case>.bpm", "<case>.beats" (s), "<case>.untrimmed" (s),
"<case>.decibels" (every 97th frame of the mel spectrogram in dB).
"""

import sys
from pathlib import Path

import librosa
import numpy as np


def noise(count):
    """Uniform in [-1, 1): a linear congruential generator, the same in every language."""
    state, values = 12345, np.empty(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values[i] = state / 2**31 - 1
    return values


def clicks(rate, seconds, bpm, first=0.5):
    """Bursts of 1 kHz that die away in 20 ms, over a whisper of noise."""
    t = np.arange(int(seconds * rate)) / rate
    since = np.where(t >= first, np.mod(t - first, 60 / bpm), 1e3)
    return (0.8 * np.exp(-since / 0.02) * np.sin(2 * np.pi * 1000 * since) + 1e-4 * noise(len(t))).astype(np.float32)


def band(rate, seconds, bpm):
    """Drums on the beats, snares of noise on every other, a melody on half beats, and a tempo that wavers."""
    t = np.arange(int(seconds * rate)) / rate
    beat = bpm / 60 * (t + 0.02 * np.sin(0.7 * t))
    phase, half = beat - np.floor(beat), 2 * beat - np.floor(2 * beat)
    number = np.floor(beat)
    drum = np.exp(-12 * phase) * np.sin(2 * np.pi * 60 * t)
    snare = np.where(np.mod(number, 2) == 1, np.exp(-20 * phase), 0) * noise(len(t))
    note = 220 * 2 ** (np.mod(np.floor(2 * beat) * 5, 12) / 12)
    melody = np.exp(-6 * half) * np.sin(2 * np.pi * note * t)
    return (0.4 * drum + 0.2 * snare + 0.2 * melody).astype(np.float32)


def quiet_start(rate, seconds, bpm):
    """The band from afar (-60 dB) for 6 s, then near."""
    sound = band(rate, seconds, bpm)
    sound[: 6 * rate] *= np.float32(1e-3)
    return sound


CASES = {
    "clicks_90": (16000, lambda rate: clicks(rate, 21.3, 90), {}),
    "clicks_120": (16000, lambda rate: clicks(rate, 21.3, 120), {}),
    "clicks_150": (16000, lambda rate: clicks(rate, 21.3, 150), {}),
    "band_own": (16000, lambda rate: band(rate, 16.3, 96), dict(aggregate=np.median)),
    "quiet_start": (16000, lambda rate: quiet_start(rate, 15.2, 118), {}),
    "band_default": (22050, lambda rate: band(rate, 19.7, 104), dict(n_fft=2048, hop=512, aggregate=np.median)),
    "band_odd": (11025, lambda rate: band(rate, 14.1, 133),
                 dict(n_fft=512, hop=160, n_mels=40, fmin=60.0, fmax=5000.0, lag=2, tightness=40.0, start_bpm=90.0)),
}


def measure(rate, sound, n_fft=1024, hop=256, n_mels=128, fmin=0.0, fmax=None, lag=1, aggregate=np.mean, tightness=100.0,
            start_bpm=120.0):
    mel = librosa.feature.melspectrogram(y=sound, sr=rate, n_fft=n_fft, hop_length=hop, n_mels=n_mels, fmin=fmin,
                                         fmax=fmax or rate / 2)
    decibels = librosa.power_to_db(mel)
    envelope = librosa.onset.onset_strength(S=decibels, sr=rate, n_fft=n_fft, hop_length=hop, lag=lag, aggregate=aggregate)
    tempo = librosa.feature.tempo(onset_envelope=envelope, sr=rate, hop_length=hop, start_bpm=start_bpm)

    def beats(trim):
        return librosa.beat.beat_track(onset_envelope=envelope, sr=rate, hop_length=hop, bpm=tempo, tightness=tightness,
                                       trim=trim, units="time")[1]

    return {"envelope": envelope.astype(np.float32), "bpm": np.asarray(tempo, np.float64), "beats": beats(True),
            "untrimmed": beats(False), "decibels": np.ascontiguousarray(decibels.T[::97]).astype(np.float32)}


def main():
    folder = Path(sys.argv[1])
    arrays = {}
    for name, (rate, make, options) in CASES.items():
        for key, value in measure(rate, make(rate), **options).items():
            arrays[f"{name}.{key}"] = value
    np.savez_compressed(folder / "music.npz", **arrays)


main()
