// SPDX-License-Identifier: MIT
// Sounds that are formulas of the sample's index: the same as in tests/golden/make_music_golden.py.
#pragma once

#include "stgmamba/media/audio.hpp"

namespace stgmamba::test {

/// Bursts of 1 kHz at 0.5 s + 60 k / bpm that die away in 20 ms, over a whisper of noise.
media::Audio clicks(int rate, double seconds, double bpm);
/// Drums on the beats, noise on every other, a melody on half beats, and a tempo that wavers.
media::Audio band(int rate, double seconds, double bpm);
/// 0 at every sample.
media::Audio silence(int rate, double seconds);

}  // namespace stgmamba::test
