// SPDX-License-Identifier: MIT
#include "stgmamba/music/onset.hpp"

#include <algorithm>
#include <numeric>

#include "stgmamba/util/check.hpp"

namespace stgmamba::music {
namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Of an even number of values: halfway between the two in the middle. Reorders them.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return values.size() % 2 == 1 ? *middle : (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

}  // namespace

OnsetEnvelope onset_strength(const Spectrogram& decibels, const OnsetOptions& options) {
  STG_CHECK(options.lag >= 1, "[onset_strength] lag must be at least 1 frame, got {}", options.lag);
  OnsetEnvelope onsets;
  onsets.frame_rate = decibels.frame_rate;
  onsets.strength.assign(static_cast<std::size_t>(decibels.frames), 0.0);
  const std::int64_t shift = options.lag + options.mel.window / (2 * options.mel.hop);
  const auto bands = static_cast<std::size_t>(decibels.bands);
  std::vector<double> rise(bands);
  for (std::int64_t frame = 0; frame + shift < decibels.frames; ++frame) {
    const float* before = decibels.values.data() + static_cast<std::size_t>(frame) * bands;
    const float* after = before + static_cast<std::size_t>(options.lag) * bands;
    for (std::size_t band = 0; band < bands; ++band) {
      rise[band] = std::max(0.0, static_cast<double>(after[band]) - static_cast<double>(before[band]));
    }
    onsets.strength[static_cast<std::size_t>(frame + shift)] =
        options.aggregate == OnsetOptions::Aggregate::kMean ? mean(rise) : median(rise);
  }
  return onsets;
}

OnsetEnvelope onset_strength(const media::Audio& audio, const OnsetOptions& options) {
  return onset_strength(mel_decibels(audio, options.mel), options);
}

}  // namespace stgmamba::music
