#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tempo and beats of real songs beside librosa's: F-measure at 70 ms against the truth (mir_eval).

Songs: Frets on Fire's (Debian packages fretsonfire-songs-sectoid and -muldjord), backing track and guitar mixed. Their
tempo is constant and beat k stands at 60 k / BPM s.

Needs librosa, mir_eval, numpy, soundfile:  python3 bench/beats.py build/release/bin/stg_data
Prints a table: ours at its defaults (16 kHz, window 1024, hop 256, median); ours and librosa at these parameters on the same
16 kHz samples, and whether their beats are the same; both with the mean over the bands; both at librosa's defaults (22.05 kHz, 2048, 512, median), each with its
own resampling. Ends with exit code 1
where our F-measure is more than 0.02 below librosa's in any of these pairs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import librosa
import mir_eval
import numpy as np
import soundfile

SONGS = Path("/usr/share/games/fretsonfire/data/songs")
TRUTH = {"sectoid/Feelings": 95, "sectoid/Metal madness": 150, "muldjord/internal_degeneration": 190,
         "muldjord/armygeddon": 170, "muldjord/chaos_god": 170, "muldjord/mutilated_mime": 180}
OURS = dict(rate=16000, window=1024, hop=256, aggregate=np.median)
MEAN = dict(OURS, aggregate=np.mean)
THEIRS = dict(rate=22050, window=2048, hop=512, aggregate=np.median)


def mix(song):
    """Mono sum of the song's tracks at their own rate."""
    tracks = [soundfile.read(song / name, always_2d=True) for name in ("song.ogg", "guitar.ogg")]
    rate = tracks[0][1]
    assert all(track[1] == rate for track in tracks)
    total = np.zeros(max(len(samples) for samples, _ in tracks))
    for samples, _ in tracks:
        total[: len(samples)] += samples.mean(axis=1)
    return rate, (total / max(1.0, np.abs(total).max())).astype(np.float32)


def ours(program, wav, rate, window, hop, aggregate):
    command = [program, "beats", wav, "--json", f"--rate={rate}", f"--window={window}", f"--hop={hop}"]
    command.append(f"--aggregate={'median' if aggregate is np.median else 'mean'}")
    result = json.loads(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout)
    return result["bpm"], np.array(result["beats"])


def theirs(samples, rate, window, hop, aggregate):
    envelope = librosa.onset.onset_strength(y=samples, sr=rate, n_fft=window, hop_length=hop, aggregate=aggregate)
    bpm, beats = librosa.beat.beat_track(onset_envelope=envelope, sr=rate, hop_length=hop, units="time")
    return float(np.atleast_1d(bpm)[0]), beats


def score(truth, beats):
    return mir_eval.beat.f_measure(mir_eval.beat.trim_beats(truth), mir_eval.beat.trim_beats(beats))


def rows_of(program, name, bpm, folder):
    rate, samples = mix(SONGS / name)
    wav, wav_16 = Path(folder) / "mix.wav", Path(folder) / "mix16.wav"
    soundfile.write(wav, samples, rate, subtype="FLOAT")
    samples_16 = librosa.load(wav, sr=16000)[0]
    soundfile.write(wav_16, samples_16, 16000, subtype="FLOAT")
    truth = np.arange(0, len(samples) / rate, 60 / bpm)
    found = {"ours": ours(program, wav, **OURS), "ours, librosa's samples": ours(program, wav_16, **OURS),
             "librosa, same parameters": theirs(samples_16, **OURS),
             "ours, mean": ours(program, wav, **MEAN), "librosa, mean": theirs(samples_16, **MEAN),
             "ours, librosa's defaults": ours(program, wav, **THEIRS),
             "librosa, its defaults": theirs(librosa.load(wav, sr=22050)[0], **THEIRS)}
    a, b = found["ours, librosa's samples"][1], found["librosa, same parameters"][1]
    same = len(a) == len(b) and np.allclose(a, b, atol=1e-6)
    return {key: (value[0], score(truth, value[1])) for key, value in found.items()}, same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="stg_data")
    arguments = parser.parse_args()
    worst = 0.0
    titles = None
    for name, bpm in TRUTH.items():
        with tempfile.TemporaryDirectory() as folder:
            rows, same = rows_of(arguments.program, name, bpm, folder)
        if titles is None:
            titles = list(rows)
            print(f"| song | true | {' | '.join(titles)} | same beats |\n|{'---|' * (len(titles) + 3)}")
        cells = [f"{tempo:.1f}, F {f:.3f}" for tempo, f in rows.values()]
        print(f"| {name.split('/')[1]} | {bpm} | {' | '.join(cells)} | {'yes' if same else 'no'} |", flush=True)
        for a, b in (("ours", "librosa, same parameters"), ("ours, mean", "librosa, mean"),
                     ("ours, librosa's defaults", "librosa, its defaults")):
            worst = min(worst, rows[a][1] - rows[b][1])
    sys.exit(1 if worst < -0.02 else 0)


main()
