// SPDX-License-Identifier: MIT
// Intervals (mdvs-and-metrics B11, item 9): songs and seeds are drawn anew, with replacement, and a score is a function
// of how often each counts. Rows of a table see the same songs in the same replicate, so that differences are paired.
//
//   Statistic bc = [&](const Weights& w) { return scores.total(w).bc(); };
//   Interval interval = bootstrap(bc, songs, seeds, options);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace stgmamba::metrics {

/// How often each song and each seed counts; all 1: the score itself.
struct Weights {
  std::vector<double> song, seed;
  static Weights all(std::size_t songs, std::size_t seeds);
};

using Statistic = std::function<double(const Weights&)>;

struct BootstrapOptions {
  int replicates = 500;
  double level = 0.95;     // share of replicates inside the interval
  std::uint64_t seed = 1;  // of the draws: replicate r sees the same songs whatever is scored
};

/// NaN where there is nothing to score, or a single song and a single seed to draw from.
struct Interval {
  double value = 0.0, low = 0.0, high = 0.0;
  bool excludes(double point) const { return low > point || high < point; }  // false for NaN
};

/// Weights of one replicate: how often each of `songs` songs and `seeds` seeds was drawn. A pure function of its
/// arguments; the songs do not depend on `seeds`.
Weights replicate_weights(std::size_t songs, std::size_t seeds, const BootstrapOptions& options, int replicate);

/// Percentiles of the replicates, shifted by their bias (mean of the replicates minus the value): distances between
/// distributions are larger for fewer distinct songs, and a plain percentile interval would lie above its own value.
Interval bootstrap(const Statistic& statistic, std::size_t songs, std::size_t seeds, const BootstrapOptions& options);
/// Of a minus b, both on the same songs; each has seeds of its own. "Ahead" means that the interval excludes 0.
Interval bootstrap_difference(const Statistic& a, std::size_t a_seeds, const Statistic& b, std::size_t b_seeds,
                              std::size_t songs, const BootstrapOptions& options);

/// Sums for each song and seed: what a Statistic is usually made of. `Sums` has add(const Sums&, double weight).
template <typename Sums>
class Grouped {
 public:
  Grouped(std::size_t songs, std::size_t seeds, const Sums& zero = {})
      : songs_(songs), zero_(zero), parts_(songs * seeds, zero) {}
  Sums& at(std::size_t song, std::size_t seed) { return parts_[seed * songs_ + song]; }
  Sums total(const Weights& weights) const {
    Sums sum = zero_;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const double weight = weights.song[i % songs_] * weights.seed[i / songs_];
      if (weight > 0) {
        sum.add(parts_[i], weight);
      }
    }
    return sum;
  }

 private:
  std::size_t songs_;
  Sums zero_;
  std::vector<Sums> parts_;  // [seeds, songs]
};

}  // namespace stgmamba::metrics
