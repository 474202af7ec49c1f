// SPDX-License-Identifier: MIT
#include "stgmamba/music/features.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "stgmamba/util/check.hpp"

namespace stgmamba::music {
namespace {

constexpr double kRows = 50.0;          // a second
constexpr double kFloor = 1e-10;        // power
constexpr float kDecibels = 1 / 40.0F;  // loud music near 0.5, a quiet room near -1
constexpr float kRise = 1 / 10.0F;
constexpr float kLowest = -100.0F * kDecibels, kOnFloor = 1e-3F;

/// Values of a track's row or, between two rows, on the line between them; held at the ends.
class Place {
 public:
  Place(const FeatureTrack& track, double seconds) {
    const double at = std::clamp(seconds * track.rate, 0.0, static_cast<double>(track.rows() - 1));
    before_ = static_cast<std::size_t>(at);
    after_ = std::min(before_ + 1, static_cast<std::size_t>(track.rows() - 1));
    share_ = static_cast<float>(at - static_cast<double>(before_));
  }
  float operator()(const std::vector<float>& values, std::size_t width, std::size_t column) const {
    const float a = values[before_ * width + column], b = values[after_ * width + column];
    return a + share_ * (b - a);
  }

 private:
  std::size_t before_, after_;
  float share_;
};

/// How many beats have passed at a second, in fractions: the phase is what follows the point. Before the first and
/// after the last beat their neighbours' period goes on. Needs two beats.
double beats_passed(const std::vector<double>& beats, double seconds) {
  const auto next = std::upper_bound(beats.begin(), beats.end(), seconds) - beats.begin();
  const auto from = std::clamp<std::ptrdiff_t>(next - 1, 0, std::ssize(beats) - 2);
  const double begin = beats[static_cast<std::size_t>(from)], end = beats[static_cast<std::size_t>(from) + 1];
  return static_cast<double>(from) + (seconds - begin) / (end - begin);
}

bool beat_within(const std::vector<double>& beats, double from, double to) {
  const auto found = std::lower_bound(beats.begin(), beats.end(), from);
  return found != beats.end() && *found < to;
}

}  // namespace

FeatureTrack analyse_track(const media::Audio& audio) {
  return analyse_track(audio, find_beats(audio).times);
}

FeatureTrack analyse_track(const media::Audio& audio, std::vector<double> beats) {
  STG_CHECK(audio.rate % static_cast<int>(kRows) == 0,
            "[analyse_track] the sample rate must be a multiple of {}, got {}", kRows, audio.rate);
  MelOptions options;
  options.bands = kFeatureBands;
  options.hop = audio.rate / static_cast<int>(kRows);
  const Spectrogram mel = mel_power(audio, options);
  FeatureTrack track;
  track.rate = kRows;
  track.beats = std::move(beats);
  track.bands.reserve(mel.values.size());
  for (const float power : mel.values) {
    track.bands.push_back(kDecibels * static_cast<float>(10.0 * std::log10(std::max<double>(power, kFloor))));
  }
  track.onsets.assign(static_cast<std::size_t>(mel.frames), 0.0F);
  for (std::size_t row = 1; row < track.onsets.size(); ++row) {
    const float* now = track.bands.data() + row * kFeatureBands;
    float rise = 0.0F;
    for (int band = 0; band < kFeatureBands; ++band) {
      rise += std::max(0.0F, now[band] - now[band - kFeatureBands]);
    }
    track.onsets[row] = rise * kRise / kDecibels / kFeatureBands;
  }
  return track;
}

std::vector<float> cut_features(const FeatureTrack& track, double start, double step, std::int64_t frames) {
  STG_CHECK(track.rows() > 0 && step > 0 && frames >= 0,
            "[cut_features] needs a track, step > 0 and frames >= 0, got "
            "{} rows, {} and {}",
            track.rows(), step, frames);
  std::vector<float> features(static_cast<std::size_t>(frames) * kFeatureSize, 0.0F);
  for (std::int64_t f = 0; f < frames; ++f) {
    float* row = features.data() + static_cast<std::size_t>(f) * kFeatureSize;
    const double at = start + static_cast<double>(f) * step;
    for (int sub = 0; sub < kSubframes; ++sub) {
      const Place place(track, at + (sub + 0.5) * step / kSubframes);
      for (std::size_t band = 0; band < kFeatureBands; ++band) {
        row[band] += place(track.bands, kFeatureBands, band) / kSubframes;
      }
      row[kFeatureBands + sub] = place(track.onsets, 1, 0);
    }
    float* beat = row + kFeatureBands + kSubframes;
    if (track.beats.size() >= 2) {
      const double angle = 2.0 * std::numbers::pi * beats_passed(track.beats, at);
      beat[0] = static_cast<float>(std::sin(angle));
      beat[1] = static_cast<float>(std::cos(angle));
    }
    beat[2] = beat_within(track.beats, at - step / 2, at + step / 2) ? 1.0F : 0.0F;
  }
  return features;
}

void amplify(std::vector<float>& features, double gain_db) {
  const auto shift = kDecibels * static_cast<float>(gain_db);
  for (std::size_t row = 0; row < features.size(); row += kFeatureSize) {
    for (std::size_t band = row; band < row + kFeatureBands; ++band) {
      features[band] = features[band] > kLowest + kOnFloor ? std::max(kLowest, features[band] + shift) : kLowest;
    }
  }
}

std::string feature_version() {
  return fmt::format("mel_onset_beat 1: {} bands, window {}, {} rows a second", kFeatureBands, MelOptions{}.window,
                     kRows);
}

}  // namespace stgmamba::music
