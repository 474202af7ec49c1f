// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::metrics {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> draw(std::size_t count, std::uint64_t seed, const char* tag, int replicate) {
  std::vector<double> times(count, 0.0);
  util::Random random(seed, tag, static_cast<std::uint64_t>(replicate));
  for (std::size_t i = 0; i < count; ++i) {
    times[static_cast<std::size_t>(random.integer(static_cast<std::int64_t>(count)))] += 1.0;
  }
  return times;
}

/// Linear between the two nearest of sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(at));
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - std::floor(at)) * (sorted[high] - sorted[low]);
}

Interval to_interval(double value, std::vector<double> replicates, double level) {
  std::erase_if(replicates, [](double replicate) { return !std::isfinite(replicate); });
  if (!std::isfinite(value) || replicates.empty()) {
    return {value, kNan, kNan};
  }
  std::sort(replicates.begin(), replicates.end());
  double bias = -value;
  for (const double replicate : replicates) {
    bias += replicate / static_cast<double>(replicates.size());
  }
  return {value, quantile(replicates, (1.0 - level) / 2.0) - bias, quantile(replicates, (1.0 + level) / 2.0) - bias};
}

}  // namespace

Weights Weights::all(std::size_t songs, std::size_t seeds) {
  return {std::vector<double>(songs, 1.0), std::vector<double>(seeds, 1.0)};
}

Weights replicate_weights(std::size_t songs, std::size_t seeds, const BootstrapOptions& options, int replicate) {
  return {draw(songs, options.seed, "bootstrap/songs", replicate),
          draw(seeds, options.seed, "bootstrap/seeds", replicate)};
}

Interval bootstrap(const Statistic& statistic, std::size_t songs, std::size_t seeds, const BootstrapOptions& options) {
  STG_CHECK(songs > 0 && seeds > 0, "[bootstrap] needs songs and seeds, got {} and {}", songs, seeds);
  std::vector<double> replicates;
  for (int i = 0; i < options.replicates && songs * seeds > 1; ++i) {
    replicates.push_back(statistic(replicate_weights(songs, seeds, options, i)));
  }
  return to_interval(statistic(Weights::all(songs, seeds)), std::move(replicates), options.level);
}

Interval bootstrap_difference(const Statistic& a, std::size_t a_seeds, const Statistic& b, std::size_t b_seeds,
                              std::size_t songs, const BootstrapOptions& options) {
  STG_CHECK(songs > 0 && a_seeds > 0 && b_seeds > 0, "[bootstrap] needs songs and seeds, got {}, {} and {}", songs,
            a_seeds, b_seeds);
  BootstrapOptions other = options;
  other.seed += 0x9e3779b97f4a7c15ULL;  // the seeds of two rows have nothing to do with each other
  std::vector<double> replicates;
  for (int i = 0; i < options.replicates && songs * std::max(a_seeds, b_seeds) > 1; ++i) {
    const Weights of_a = replicate_weights(songs, a_seeds, options, i);
    Weights of_b = replicate_weights(songs, b_seeds, other, i);
    of_b.song = of_a.song;
    replicates.push_back(a(of_a) - b(of_b));
  }
  const double value = a(Weights::all(songs, a_seeds)) - b(Weights::all(songs, b_seeds));
  return to_interval(value, std::move(replicates), options.level);
}

}  // namespace stgmamba::metrics
