// SPDX-License-Identifier: MIT
// Mel spectrogram of a whole track in decibels (mdvs-and-metrics B1, step 1; the conventions of librosa).
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/media/audio.hpp"

namespace stgmamba::music {

struct MelOptions {
  int window = 1024;     // samples of a Hann window, even (librosa's n_fft)
  int hop = 256;         // samples between frames; 62.5 frames a second at 16 kHz
  int bands = 128;       // triangles on Slaney's mel scale, each of area 1
  double low_hz = 0.0;   // of the lowest triangle
  double high_hz = 0.0;  // of the highest; 0: half the sample rate
};

/// Bands over time. Frame i is centred on second i / frame_rate.
struct Spectrogram {
  std::int64_t frames = 0, bands = 0;
  double frame_rate = 0.0;    // frames a second
  std::vector<float> values;  // [frames, bands]
};

/// One triangle: weights of the spectrum's bins from `first` on.
struct MelBand {
  int first = 0;
  std::vector<double> weights;
};
/// Slaney's scale (linear up to 1 kHz, logarithmic above), Slaney's norm: a triangle of width w Hz peaks at 2 / w.
std::vector<MelBand> mel_bands(int rate, const MelOptions& options);

/// Power in mel bands, 1 + samples / hop frames; outside the sound is silence. Throws DataError on a sample that is not
/// finite, naming its time.
Spectrogram mel_power(const media::Audio& audio, const MelOptions& options = {});
/// 10 log10(max(power, 1e-10)), and nothing more than 80 dB below the loudest value of the track.
Spectrogram mel_decibels(const media::Audio& audio, const MelOptions& options = {});

}  // namespace stgmamba::music
