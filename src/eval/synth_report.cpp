// SPDX-License-Identifier: MIT
#include "stgmamba/eval/synth_report.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/skeleton/layout.hpp"

#include "ridge.hpp"

namespace stgmamba::eval {

namespace {

using skeleton::kJoints;
using synth::Song;
using synth::Style;

constexpr double kModelFps = 10.0;
constexpr double kTempoRatio = 1.15;  // songs whose tempi are nearer than this may be swapped
constexpr int kHarmonics = 6;         // of the bar, in the regression's features

struct Performance {
  Song song;
  std::vector<skeleton::Motion> dances;  // 10 fps
  std::vector<skeleton::Motion3> dances3;
};

std::vector<Performance> perform(Style style, std::uint64_t seed, const SynthTestOptions& options,
                                 const synth::DanceOptions& dance_options) {
  std::vector<Performance> all;
  for (int s = 0; s < options.songs; ++s) {
    synth::SongSpec spec;
    spec.seed = seed * 1000 + static_cast<std::uint64_t>(s);
    spec.style = style;
    spec.seconds = options.seconds;
    Performance performance;
    performance.song = synth::make_score(spec);
    for (int d = 0; d < options.dances; ++d) {
      synth::Dance dance =
          synth::make_dance(performance.song, seed * 7919 + static_cast<std::uint64_t>(s * 100 + d), dance_options);
      performance.dances.push_back(skeleton::resample(dance.motion, kModelFps));
      performance.dances3.push_back(std::move(dance.motion3));
    }
    all.push_back(std::move(performance));
  }
  return all;
}

bool similar_tempo(const Song& a, const Song& b) {
  const double ratio = a.spec.tempo / b.spec.tempo;
  return ratio < kTempoRatio && ratio > 1.0 / kTempoRatio;
}

double prominence_of(const std::vector<Performance>& all) {
  std::vector<skeleton::Motion> motions;
  for (const Performance& performance : all) {
    motions.insert(motions.end(), performance.dances.begin(), performance.dances.end());
  }
  return metrics::default_prominence(motions);
}

metrics::BeatScore truth_score(const std::vector<Performance>& all, const metrics::BeatOptions& options,
                               double lag = 0.0) {
  metrics::BeatScore score;
  for (const Performance& performance : all) {
    std::vector<double> beats = performance.song.beats;
    for (double& beat : beats) {
      beat += lag;
    }
    for (const skeleton::Motion& dance : performance.dances) {
      score += metrics::beat_consistency(dance, beats, options);
    }
  }
  return score;
}

/// Every dance against the beats of every other song of its style and about its tempo.
metrics::BeatScore swapped_score(const std::vector<Performance>& all, const metrics::BeatOptions& options) {
  metrics::BeatScore score;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < all.size(); ++j) {
      if (i != j && similar_tempo(all[i].song, all[j].song)) {
        for (const skeleton::Motion& dance : all[i].dances) {
          score += metrics::beat_consistency(dance, all[j].song.beats, options);
        }
      }
    }
  }
  return score;
}

double best_lag(const std::vector<Performance>& all, const metrics::BeatOptions& options) {
  double best = 0.0, top = -1.0;
  for (int step = -6; step <= 6; ++step) {
    const double value = truth_score(all, options, 0.05 * step).bc();
    if (value > top) {
      top = value;
      best = 0.05 * step;
    }
  }
  return best;
}

/// What music says about the pose at a time: section, place in the bar, energy, and their products.
std::vector<double> features_at(const Song& song, double seconds) {
  const synth::BeatPosition at = synth::beat_at(song, seconds);
  const auto beat = static_cast<std::size_t>(std::clamp<int>(at.beat, 0, static_cast<int>(song.beats.size()) - 1));
  const int in_bar = at.beat >= 0 ? song.beat_in_bar[beat] : song.beat_in_bar[0] + song.beats_per_bar - 1;
  const double phase = 2.0 * std::numbers::pi * (in_bar + at.phase) / song.beats_per_bar;
  const auto kind = static_cast<std::size_t>(synth::section_at(song, seconds).kind);
  constexpr std::size_t kBlock = 2 + 4 * kHarmonics;
  std::vector<double> out(synth::kSectionKinds * kBlock, 0.0);
  double* block = out.data() + kind * kBlock;
  const double energy = song.energy[beat];
  block[0] = 1.0;
  block[1] = energy;
  for (int k = 1; k <= kHarmonics; ++k) {
    double* pair = block + 2 + 4 * (k - 1);
    pair[0] = std::cos(k * phase);
    pair[1] = std::sin(k * phase);
    pair[2] = energy * pair[0];
    pair[3] = energy * pair[1];
  }
  return out;
}

/// Share of the pose's variance on songs of one half that a ridge regression fitted on the other half explains.
/// `swap` takes the features from another song of about the same tempo.
double explained(const std::vector<Performance>& all, bool swap) {
  Ridge ridge(features_at(all[0].song, 0.0).size(), static_cast<std::size_t>(kJoints) * 2);
  const auto walk = [&](std::size_t half, const auto& use) {
    for (std::size_t i = half; i < all.size(); i += 2) {
      std::size_t heard = i;
      for (std::size_t step = 2; swap && heard == i && step < all.size(); step += 2) {
        const std::size_t j = (i + step) % all.size();
        heard = similar_tempo(all[i].song, all[j].song) ? j : i;
      }
      if (swap && heard == i) {
        continue;
      }
      for (const skeleton::Motion& dance : all[i].dances) {
        for (std::int64_t frame = 0; frame < dance.frames(); ++frame) {
          use(features_at(all[heard].song, static_cast<double>(frame) / dance.fps),
              &dance.xy[static_cast<std::size_t>(frame) * kJoints * 2]);
        }
      }
    }
  };
  walk(0, [&](const std::vector<double>& x, const float* y) { ridge.add(x, y); });
  ridge.solve(1e-3);
  Residual residual(static_cast<std::size_t>(kJoints) * 2);
  walk(1, [&](const std::vector<double>& x, const float* y) { residual.add(ridge.predict(x), y); });
  return residual.r2();
}

/// Variance between the dances of one song over the variance of all dances of the style.
double free_share(const std::vector<Performance>& all) {
  constexpr std::size_t kRow = static_cast<std::size_t>(kJoints) * 2;
  std::vector<double> sum(kRow, 0.0), square(kRow, 0.0);
  double within = 0.0, count = 0.0, cells = 0.0;
  for (const Performance& performance : all) {
    const std::size_t length = performance.dances[0].xy.size();
    const auto n = static_cast<double>(performance.dances.size());
    for (std::size_t i = 0; i < length; ++i) {
      double mean = 0.0, mean_square = 0.0;
      for (const skeleton::Motion& dance : performance.dances) {
        const double value = dance.xy[i];
        mean += value / n;
        mean_square += value * value / n;
        sum[i % kRow] += value;
        square[i % kRow] += value * value;
      }
      within += (mean_square - mean * mean) * n / (n - 1);
      cells += 1;
    }
    count += n * static_cast<double>(length / kRow);
  }
  double total = 0.0;
  for (std::size_t column = 0; column < kRow; ++column) {
    const double mean = sum[column] / count;
    total += (square[column] / count - mean * mean) / kRow;
  }
  return within / cells / total;
}

/// Correlation over bars between the music's energy and how much the dancers move.
double energy_correlation(const std::vector<Performance>& all) {
  double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (const Performance& performance : all) {
    const Song& song = performance.song;
    const auto bar = static_cast<std::size_t>(song.beats_per_bar);
    for (const skeleton::Motion& dance : performance.dances) {
      const std::vector<double> envelope = metrics::motion_envelope(dance);
      for (std::size_t i = 0; i + bar < song.beats.size(); ++i) {
        if (song.beat_in_bar[i] != 0) {
          continue;
        }
        double x = 0, y = 0, frames = 0;
        for (std::size_t k = i; k < i + bar; ++k) {
          x += song.energy[k] / static_cast<double>(bar);
        }
        for (auto f = static_cast<std::size_t>(song.beats[i] * dance.fps) + 1;
             f < envelope.size() && static_cast<double>(f) <= song.beats[i + bar] * dance.fps; ++f) {
          y += envelope[f];
          frames += 1;
        }
        y /= std::max(1.0, frames);
        n += 1, sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
      }
    }
  }
  return (n * sxy - sx * sy) / std::sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
}

/// Largest change of a bone's length over its mean.
double bone_error(const std::vector<Performance>& all) {
  double worst = 0.0;
  for (const Performance& performance : all) {
    for (const skeleton::Motion3& motion : performance.dances3) {
      for (const auto& [a, b] : skeleton::drawing_limbs()) {
        double low = 1e9, high = 0.0;
        for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
          const float* pose = &motion.xyz[static_cast<std::size_t>(frame) * kJoints * 3];
          const double length = std::hypot(static_cast<double>(pose[3 * a]) - pose[3 * b],
                                           static_cast<double>(pose[3 * a + 1]) - pose[3 * b + 1],
                                           static_cast<double>(pose[3 * a + 2]) - pose[3 * b + 2]);
          low = std::min(low, length);
          high = std::max(high, length);
        }
        worst = std::max(worst, (high - low) / (0.5 * (high + low)));
      }
    }
  }
  return worst;
}

void add_row(SynthReport& report, std::string name, double value, double low, double high) {
  SynthReportRow row{std::move(name), value, low, high, "", value >= low && value <= high};
  const bool has_low = std::isfinite(low), has_high = std::isfinite(high);
  row.gate = has_low && has_high ? fmt::format("{:g} to {:g}", low, high)
             : has_low           ? fmt::format(">= {:g}", low)
             : has_high          ? fmt::format("<= {:g}", high)
                                 : "";
  report.rows.push_back(std::move(row));
}

void test_style(SynthReport& report, Style style, std::uint64_t seed, const SynthTestOptions& options) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double floor = style == Style::kPopping ? 0.7 : style == Style::kKpop ? 0.6 : 0.4;
  const auto name = [&](const char* what) { return fmt::format("{}: {}", synth::style_name(style), what); };
  const std::vector<Performance> all = perform(style, seed, options, options.dance);
  metrics::BeatOptions beat;
  beat.prominence = prominence_of(all);
  add_row(report, name("BC* of the truth"), truth_score(all, beat).bc_star(), floor, 0.95);
  add_row(report, name("BC* without prominence"), truth_score(all, {}).bc_star(), floor, 0.95);
  add_row(report, name("lag of the best BC, s"), best_lag(all, beat), -0.01, 0.01);
  add_row(report, name("BC* with another song"), swapped_score(all, beat).bc_star(), -0.05, 0.05);
  synth::DanceOptions deaf = options.dance;
  deaf.coupling = 0.0;
  const std::vector<Performance> uncoupled = perform(style, seed + 1, options, deaf);
  add_row(report, name("BC* with coupling 0"), truth_score(uncoupled, beat).bc_star(), -0.05, 0.05);
  add_row(report, name("R2 of pose from music"), explained(all, false), 0.3, 0.7);
  add_row(report, name("R2 with another song"), explained(all, true), -kInfinity, 0.02);
  add_row(report, name("variance between dances"), free_share(all), 0.3, 0.7);
  add_row(report, name("energy and movement, r"), energy_correlation(all), 0.5, 0.9);
  add_row(report, name("largest change of a bone"), bone_error(all), -kInfinity, 1e-3);
}

}  // namespace

bool SynthReport::ok() const {
  return std::all_of(rows.begin(), rows.end(), [](const SynthReportRow& row) { return row.ok; });
}

std::string SynthReport::text() const {
  std::string out;
  for (const SynthReportRow& row : rows) {
    out += fmt::format("{:<34} {:>8.3f}  {:<14} {}\n", row.name, row.value, row.gate, row.ok ? "ok" : "NOT MET");
  }
  return out;
}

SynthReport run_synth_self_test(std::uint64_t seed, const SynthTestOptions& options) {
  SynthReport report;
  for (const Style style : synth::kAllStyles) {
    test_style(report, style, seed, options);
  }
  return report;
}

}  // namespace stgmamba::eval
