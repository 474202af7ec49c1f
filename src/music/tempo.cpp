// SPDX-License-Identifier: MIT
// Tempo from the local autocorrelation of the onsets, averaged over the track.
#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/music/beat.hpp"
#include "stgmamba/util/check.hpp"

#include "music/fourier.hpp"

namespace stgmamba::music {
namespace {

constexpr std::int64_t kBlock = 64;  // windows transformed at once
constexpr double kLogGain = 1e6;     // weighs the autocorrelation against the prior

/// The envelope with half a window in front and behind, rising from and falling to 0 along a line.
std::vector<double> with_ramps(const std::vector<double>& strength, std::int64_t half) {
  std::vector<double> padded;
  padded.reserve(strength.size() + 2 * static_cast<std::size_t>(half));
  for (std::int64_t i = 0; i < half; ++i) {
    padded.push_back(strength.front() * static_cast<double>(i) / static_cast<double>(half));
  }
  padded.insert(padded.end(), strength.begin(), strength.end());
  for (std::int64_t i = half; i-- > 0;) {
    padded.push_back(strength.back() * static_cast<double>(i) / static_cast<double>(half));
  }
  return padded;
}

/// Mean over all frames of the autocorrelation of the Hann window around them, each scaled to 1 at lag 0. [window]
/// Lag 0 is the energy and the largest; the transform is linear, so power spectra are averaged and turned back once.
std::vector<double> mean_autocorrelation(const std::vector<double>& strength, std::int64_t window) {
  const std::vector<double> padded = with_ramps(strength, window / 2), weights = hann(window);
  const std::int64_t size = fast_size(2 * window - 1), frames = std::ssize(strength);
  const auto row_size = static_cast<std::size_t>(size), bins = row_size / 2 + 1;
  std::vector<double> rows, power, energy, sum(bins, 0.0);
  for (std::int64_t first = 0; first < frames; first += kBlock) {
    const auto count = static_cast<std::size_t>(std::min(kBlock, frames - first));
    rows.assign(count * row_size, 0.0);
    power.resize(count * bins);
    energy.assign(count, 0.0);
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double value = padded[static_cast<std::size_t>(first) + row + i] * weights[i];
        rows[row * row_size + i] = value;
        energy[row] += value * value;
      }
    }
    power_spectra(rows, size, power);
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t bin = 0; energy[row] > 0 && bin < bins; ++bin) {
        sum[bin] += power[row * bins + bin] / energy[row];
      }
    }
  }
  std::vector<double> lags = autocorrelation(sum, size, window);
  std::for_each(lags.begin(), lags.end(), [&](double& value) { value /= static_cast<double>(frames); });
  return lags;
}

}  // namespace

double estimate_tempo(const OnsetEnvelope& onsets, const TempoOptions& options) {
  STG_CHECK(options.usual_bpm > 0 && options.octaves > 0 && options.max_bpm > 0,
            "[estimate_tempo] usual_bpm, octaves and max_bpm must be above 0, got {}, {} and {}", options.usual_bpm,
            options.octaves, options.max_bpm);
  const auto window = static_cast<std::int64_t>(options.seconds * onsets.frame_rate);
  const double frames_a_minute = 60.0 * onsets.frame_rate;
  STG_CHECK(static_cast<double>(window - 1) * options.max_bpm > frames_a_minute,
            "[estimate_tempo] a window of {} s must hold two beats at {} beats a minute", options.seconds,
            options.max_bpm);
  const std::vector<double>& strength = onsets.strength;
  if (std::none_of(strength.begin(), strength.end(), [](double value) { return value > 0; })) {
    return 0.0;
  }
  const std::vector<double> lags = mean_autocorrelation(strength, window);
  double best_score = -std::numeric_limits<double>::infinity(), best = 0.0;
  for (std::size_t lag = 1; lag < lags.size(); ++lag) {
    const double bpm = frames_a_minute / static_cast<double>(lag);
    const double distance = std::log2(bpm / options.usual_bpm) / options.octaves;
    const double score = std::log1p(kLogGain * std::max(0.0, lags[lag])) - 0.5 * distance * distance;
    if (bpm < options.max_bpm && score > best_score) {
      best_score = score;
      best = bpm;
    }
  }
  return best;
}

}  // namespace stgmamba::music
