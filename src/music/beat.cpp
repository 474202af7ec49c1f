// SPDX-License-Identifier: MIT
#include "stgmamba/music/beat.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stgmamba/util/check.hpp"

namespace stgmamba::music {
namespace {

constexpr double kSharpness = 32.0;  // periods per standard deviation of the smoothing
constexpr double kFirstBeat = 0.01;  // share of the largest score that starts the chain
constexpr std::int64_t kNone = -1;   // no beat before this one

/// How much each frame looks like a beat: onsets in units of their standard deviation, smoothed over a narrow Gaussian.
std::vector<double> local_score(const std::vector<double>& strength, std::int64_t period) {
  const std::int64_t frames = std::ssize(strength);
  const double mean = std::accumulate(strength.begin(), strength.end(), 0.0) / static_cast<double>(frames);
  double squares = 0.0;
  for (const double value : strength) {
    squares += (value - mean) * (value - mean);
  }
  const double deviation = std::sqrt(squares / static_cast<double>(frames - 1));
  std::vector<double> smooth(strength.size(), 0.0);
  for (std::int64_t k = -period; k <= period; ++k) {
    const double u = kSharpness * static_cast<double>(k) / static_cast<double>(period);
    const double weight = std::exp(-0.5 * u * u) / deviation;
    for (std::int64_t i = std::max<std::int64_t>(0, k); i < std::min(frames, frames + k); ++i) {
      smooth[static_cast<std::size_t>(i)] += weight * strength[static_cast<std::size_t>(i - k)];
    }
  }
  return smooth;
}

struct Chains {
  std::vector<double> score;       // of the best chain that ends at a frame
  std::vector<std::int64_t> from;  // the beat before it, or kNone
};

/// Each frame's best chain is its own score plus the best earlier chain, which pays for a spacing other than the
/// period.
Chains best_chains(const std::vector<double>& local, std::int64_t period, double tightness) {
  const auto nearest = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(period) / 2.0));
  const std::int64_t farthest = 2 * period;
  std::vector<double> price(static_cast<std::size_t>(farthest) + 1, 0.0);
  for (std::int64_t gap = std::max<std::int64_t>(1, nearest); gap <= farthest; ++gap) {
    const double stretch = std::log(static_cast<double>(gap)) - std::log(static_cast<double>(period));
    price[static_cast<std::size_t>(gap)] = tightness * stretch * stretch;
  }
  const double enough = kFirstBeat * *std::max_element(local.begin(), local.end());
  Chains chains{local, std::vector<std::int64_t>(local.size(), kNone)};
  bool started = false;  // quiet frames in front begin chains but follow none
  for (std::int64_t i = 0; i < std::ssize(local); ++i) {
    const auto at = static_cast<std::size_t>(i);
    std::int64_t from = kNone;
    double best = 0.0;
    for (std::int64_t gap = std::max<std::int64_t>(1, nearest); gap <= std::min(i, farthest); ++gap) {
      const double score = chains.score[static_cast<std::size_t>(i - gap)] - price[static_cast<std::size_t>(gap)];
      if (from == kNone || score > best) {
        best = score;
        from = i - gap;
      }
    }
    chains.score[at] += from == kNone ? 0.0 : best;
    started = started || local[at] >= enough;
    chains.from[at] = started ? from : kNone;
  }
  return chains;
}

/// The last local maximum that is at least half the median of all of them; the last frame where there is none.
std::int64_t last_beat(const std::vector<double>& score) {
  std::vector<std::int64_t> peaks;
  std::vector<double> heights;
  const std::int64_t frames = std::ssize(score);
  for (std::int64_t i = 1; i < frames; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (score[at] > score[at - 1] && (i + 1 == frames || score[at] >= score[at + 1])) {
      peaks.push_back(i);
      heights.push_back(score[at]);
    }
  }
  if (peaks.empty()) {
    return frames - 1;
  }
  std::sort(heights.begin(), heights.end());
  const double median = (heights[(heights.size() - 1) / 2] + heights[heights.size() / 2]) / 2.0;
  const auto found = std::find_if(peaks.rbegin(), peaks.rend(), [&](std::int64_t peak) {
    return score[static_cast<std::size_t>(peak)] >= median / 2.0;
  });
  return found == peaks.rend() ? frames - 1 : *found;
}

/// Half the root mean square of the beats' scores after a 5-point Hann window. The mean runs two values past the last
/// beat, as librosa's does: the window's tail and a zero.
double trim_threshold(const std::vector<double>& local, const std::vector<std::int64_t>& beats) {
  const auto score = [&](std::int64_t n) {
    return n >= 0 && n < std::ssize(beats) ? local[static_cast<std::size_t>(beats[static_cast<std::size_t>(n)])] : 0.0;
  };
  const std::int64_t count = std::min(std::ssize(beats) + 2, std::ssize(local));
  double squares = 0.0;
  for (std::int64_t n = 0; n < count; ++n) {
    const double smooth = 0.5 * score(n - 1) + score(n) + 0.5 * score(n + 1);
    squares += smooth * smooth;
  }
  return 0.5 * std::sqrt(squares / static_cast<double>(count));
}

/// Leaves out the beats before the first and after the last frame whose score exceeds the threshold.
void trim_beats(std::vector<std::int64_t>& beats, const std::vector<double>& local, double threshold) {
  const auto clear = [&](double score) { return score > threshold; };
  const std::int64_t first = std::find_if(local.begin(), local.end(), clear) - local.begin();
  const std::int64_t last = local.rend() - std::find_if(local.rbegin(), local.rend(), clear) - 1;
  std::erase_if(beats, [&](std::int64_t beat) { return beat < first || beat > last; });
}

}  // namespace

std::vector<double> track_beats(const OnsetEnvelope& onsets, double bpm, double tightness, bool trim) {
  STG_CHECK(
      bpm > 0 && 60.0 * onsets.frame_rate / bpm >= 1.0,
      "[track_beats] tempo must be above 0 and at most one beat a frame, got {} beats a minute at {} frames a second",
      bpm, onsets.frame_rate);
  const std::vector<double>& strength = onsets.strength;
  const auto [least, most] = std::minmax_element(strength.begin(), strength.end());
  if (strength.empty() || *least == *most) {
    return {};  // nothing rises: no beats
  }
  const auto period = static_cast<std::int64_t>(std::nearbyint(60.0 * onsets.frame_rate / bpm));
  const std::vector<double> local = local_score(strength, period);
  const Chains chains = best_chains(local, period, tightness);
  std::vector<std::int64_t> beats;
  for (std::int64_t at = last_beat(chains.score); at != kNone; at = chains.from[static_cast<std::size_t>(at)]) {
    beats.push_back(at);
  }
  std::reverse(beats.begin(), beats.end());
  trim_beats(beats, local, trim ? trim_threshold(local, beats) : 0.0);
  std::vector<double> times(beats.size());
  std::transform(beats.begin(), beats.end(), times.begin(), [&](std::int64_t beat) { return onsets.seconds(beat); });
  return times;
}

Beats find_beats(const OnsetEnvelope& onsets, const BeatOptions& options) {
  Beats beats;
  beats.bpm = options.bpm > 0 ? options.bpm : estimate_tempo(onsets, options.tempo);
  if (beats.bpm > 0) {
    beats.times = track_beats(onsets, beats.bpm, options.tightness, options.trim);
  }
  return beats;
}

std::string describe(const BeatOptions& options) {
  const MelOptions& mel = options.onset.mel;
  const bool mean = options.onset.aggregate == OnsetOptions::Aggregate::kMean;
  return fmt::format(
      "beats 1: window {} hop {} bands {} from {} to {} Hz, lag {}, {}, tempo {} around {} within {} octaves under {} "
      "over "
      "{} s, tightness {}, trim {}",
      mel.window, mel.hop, mel.bands, mel.low_hz, mel.high_hz, options.onset.lag, mean ? "mean" : "median", options.bpm,
      options.tempo.usual_bpm, options.tempo.octaves, options.tempo.max_bpm, options.tempo.seconds, options.tightness,
      options.trim);
}

Beats find_beats(const media::Audio& audio, const BeatOptions& options) {
  return find_beats(onset_strength(audio, options.onset), options);
}

}  // namespace stgmamba::music
