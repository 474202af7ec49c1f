// SPDX-License-Identifier: MIT
#include "stgmamba/tools/demo_dancer.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/synth/dance.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::tools {
namespace {

constexpr double kHop = 0.01;          // s, of the onset strength
constexpr int kShortest = 30;          // hops, 200 beats a minute
constexpr int kLongest = 100;          // 60 beats a minute
constexpr double kTightness = 100.0;   // how dearly a beat pays for being early or late (Ellis 2007)
constexpr double kUsualPeriod = 50.0;  // hops: 120 beats a minute, where listeners tap first

/// Rise of log energy from hop to hop, of the sound and of its differences (which stress what is high): [hops]
std::vector<double> onset_strength(const media::Audio& audio) {
  const auto step = static_cast<std::size_t>(audio.rate * kHop);
  std::vector<double> strength;
  double before_full = 0.0, before_high = 0.0;
  for (std::size_t at = 0; at + step <= audio.samples.size(); at += step) {
    double full = 0.0, high = 0.0;
    for (std::size_t i = at; i < at + step; ++i) {
      const double difference = i > 0 ? audio.samples[i] - audio.samples[i - 1] : 0.0;
      full += audio.samples[i] * audio.samples[i];
      high += difference * difference;
    }
    full = std::log1p(1000.0 * full / static_cast<double>(step));
    high = std::log1p(1000.0 * high / static_cast<double>(step));
    strength.push_back(std::max(0.0, full - before_full) + std::max(0.0, high - before_high));
    before_full = full;
    before_high = high;
  }
  return strength;
}

/// The lag at which the onsets repeat best, weighted towards usual tempos. 0 when nothing sounds.
int beat_period(const std::vector<double>& strength) {
  int best = 0;
  double best_score = 0.0;
  for (int lag = kShortest; lag <= kLongest; ++lag) {
    double sum = 0.0;
    for (std::size_t i = static_cast<std::size_t>(lag); i < strength.size(); ++i) {
      sum += strength[i] * strength[i - static_cast<std::size_t>(lag)];
    }
    const double octaves = std::log2(lag / kUsualPeriod);
    const double score = sum * std::exp(-0.5 * octaves * octaves / (0.9 * 0.9));
    if (score > best_score) {
      best_score = score;
      best = lag;
    }
  }
  return best;
}

/// Dynamic programming over beat chains (Ellis 2007, "Beat tracking by dynamic programming"): each hop's best chain is
/// its onset plus the best earlier chain, which pays for a spacing other than the period.
std::vector<double> track_beats(const std::vector<double>& strength, int period) {
  const auto hops = static_cast<int>(strength.size());
  double mean = 0.0;
  for (const double value : strength) {
    mean += value / hops;
  }
  std::vector<double> score(strength.size());
  std::vector<int> from(strength.size(), -1);
  for (int i = 0; i < hops; ++i) {
    double best = 0.0;
    for (int j = std::max(0, i - 2 * period); j <= i - period / 2; ++j) {
      const double stretch = std::log(static_cast<double>(i - j) / period);
      const double chain = score[static_cast<std::size_t>(j)] - kTightness * stretch * stretch;
      if (chain > best) {
        best = chain;
        from[static_cast<std::size_t>(i)] = j;
      }
    }
    score[static_cast<std::size_t>(i)] = strength[static_cast<std::size_t>(i)] / std::max(mean, 1e-9) + best;
  }
  const int tail = std::max(0, hops - period);
  int at = static_cast<int>(std::max_element(score.begin() + tail, score.end()) - score.begin());
  std::vector<double> beats;
  for (; at >= 0; at = from[static_cast<std::size_t>(at)]) {
    beats.push_back(at * kHop);
  }
  std::reverse(beats.begin(), beats.end());
  return beats;
}

std::vector<double> find_beats(const media::Audio& audio) {
  const std::vector<double> strength = onset_strength(audio);
  const int period = beat_period(strength);
  std::vector<double> beats = period > 0 ? track_beats(strength, period) : std::vector<double>();
  if (beats.size() < 2) {
    util::log().warn("no beats found in the music; the demo dancer counts 120 a minute");
    beats.clear();
    for (double at = 0.0; at < std::max(audio.seconds(), 1.0); at += 0.5) {
      beats.push_back(at);
    }
  }
  return beats;
}

}  // namespace

infer::Dance demo_dance(const media::Audio& audio, std::uint64_t seed, std::int64_t variants) {
  const synth::Song song = synth::song_from_beats(audio, find_beats(audio), synth::Style::kKpop);
  infer::Dance dance;
  for (std::int64_t n = 0; n < variants; ++n) {
    dance.variants.push_back(synth::make_dance(song, seed * 1000 + static_cast<std::uint64_t>(n)).motion);
  }
  infer::measure_spread(dance);
  return dance;
}

}  // namespace stgmamba::tools
