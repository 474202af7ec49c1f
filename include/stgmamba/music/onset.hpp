// SPDX-License-Identifier: MIT
// Onset strength: how much louder the bands become from one frame to the next (mdvs-and-metrics B1, step 2).
#pragma once

#include <vector>

#include "stgmamba/music/mel.hpp"

namespace stgmamba::music {

struct OnsetOptions {
  enum class Aggregate { kMean, kMedian };
  MelOptions mel;
  int lag = 1;  // frames between the two that are compared
  /// Over the bands. The median asks half of the bands to rise together, which drums do and a singer does not: on real
  /// songs its beats are much better (docs/music.md).
  Aggregate aggregate = Aggregate::kMedian;
};

/// As many values as the spectrogram has frames. A frame hears a sound half a window before its centre reaches it, so
/// the differences stand window / (2 hop) frames later than the frame they lead to; the values before the first are 0.
struct OnsetEnvelope {
  double frame_rate = 0.0;       // values a second
  std::vector<double> strength;  // >= 0, in dB a band

  double seconds(std::int64_t frame) const { return static_cast<double>(frame) / frame_rate; }
};

OnsetEnvelope onset_strength(const media::Audio& audio, const OnsetOptions& options = {});
/// The same from a spectrogram in decibels made with `options.mel`.
OnsetEnvelope onset_strength(const Spectrogram& decibels, const OnsetOptions& options);

}  // namespace stgmamba::music
