// SPDX-License-Identifier: MIT
// Every distance and variance against numpy and scipy (tests/golden/make_metric_golden.py).
#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/io/npz.hpp"
#include "stgmamba/metrics/beat_match.hpp"
#include "stgmamba/metrics/frechet.hpp"
#include "stgmamba/metrics/mmd.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/metrics/spread.hpp"

namespace stgmamba::test {
namespace {

using metrics::Features;
using skeleton::Motion;

class MetricGolden : public ::testing::Test {
 protected:
  MetricGolden()
      : arrays_(io::read_npz(std::string(STG_SOURCE_DIR) + "/tests/golden/metrics.npz")),
        real_(motions("real")),
        made_(motions("made")) {}

  double expected(const std::string& name) const { return arrays_.at(name).as<double>()[0]; }

  std::vector<Motion> motions(const std::string& name) const {
    const io::Array& array = arrays_.at(name);  // [N, F, V, 2]
    std::vector<Motion> all;
    const auto length = static_cast<std::size_t>(array.shape[1]) * 36;
    for (std::int64_t n = 0; n < array.shape[0]; ++n) {
      Motion motion(array.shape[1], 10.0);
      const auto values = array.as<float>().subspan(static_cast<std::size_t>(n) * length, length);
      motion.xy.assign(values.begin(), values.end());
      std::fill(motion.score.begin(), motion.score.end(), 1.0F);
      all.push_back(std::move(motion));
    }
    return all;
  }

  template <typename Make>
  static Features gather(const std::vector<Motion>& motions, const Make& make) {
    Features all = make(motions[0]);
    for (std::size_t i = 1; i < motions.size(); ++i) {
      const Features more = make(motions[i]);
      all.values.insert(all.values.end(), more.values.begin(), more.values.end());
    }
    return all;
  }

  void expect_close(double value, const std::string& name) const {
    EXPECT_NEAR(value, expected(name), 1e-6 * std::abs(expected(name))) << name;
  }

  std::map<std::string, io::Array> arrays_;
  std::vector<Motion> real_, made_;
};

TEST_F(MetricGolden, FrechetDistances) {
  const auto poses = [](const Motion& motion) { return metrics::pose_features(motion); };
  const auto absolute = [](const Motion& motion) { return metrics::pose_features(motion, false); };
  expect_close(metrics::frechet_distance(gather(real_, poses), gather(made_, poses)), "pfd");
  expect_close(metrics::frechet_distance(gather(real_, absolute), gather(made_, absolute)), "pfd_absolute");
  expect_close(
      metrics::frechet_distance(gather(real_, metrics::velocity_features), gather(made_, metrics::velocity_features)),
      "vfd");
}

TEST_F(MetricGolden, MaximumMeanDiscrepancy) {
  const auto windows = [](const Motion& motion) { return metrics::windows_of(metrics::pose_features(motion), 10); };
  const Features real = gather(real_, windows), made = gather(made_, windows);
  const metrics::PrincipalComponents components = metrics::principal_components(metrics::Moments(real), 24);
  ASSERT_EQ(components.count(), 24U);
  const Features a = components.project(real), b = components.project(made);
  const double bandwidth = metrics::median_distance(a);
  expect_close(bandwidth, "bandwidth");
  expect_close(metrics::mmd_unbiased(a, b, bandwidth), "mmd");
}

TEST_F(MetricGolden, KineticFeatures) {
  const Features made = gather(made_, metrics::kinetic_features);
  const auto expected_rows = arrays_.at("kinetic").as<double>();
  ASSERT_EQ(made.values.size(), expected_rows.size());
  for (std::size_t i = 0; i < expected_rows.size(); ++i) {
    ASSERT_NEAR(made.values[i], expected_rows[i], 1e-9) << i;
  }
}

TEST_F(MetricGolden, Variances) {
  metrics::ElementSums poses, velocities;
  double over_time = 0.0;
  for (const Motion& motion : made_) {
    poses.add(metrics::pose_row(motion));
    velocities.add(metrics::velocity_row(motion));
    over_time += metrics::time_variance(motion) / static_cast<double>(made_.size());
  }
  expect_close(poses.mean_variance(), "pvar");
  expect_close(metrics::draw_variance(made_, true), "pvar");
  expect_close(velocities.mean_variance(), "vvar");
  expect_close(over_time, "pvar_time");
  expect_close(metrics::multimodal_variance(made_), "pvar_mm");
}

TEST_F(MetricGolden, SpeedJerkAndSlowFrames) {
  expect_close(metrics::speed_ratio(made_, real_), "speed_ratio");
  expect_close(metrics::jerk_ratio(made_, real_), "jerk_ratio");
  expect_close(metrics::slow_share(made_, real_, 0.8), "slow_share");
}

TEST_F(MetricGolden, BeatScores) {
  const io::Array& table = arrays_.at("beats");  // [N, 8]
  for (const auto& [sigma, tolerance, suffix] : {std::tuple(0.1, 0.1, "_0.1"), std::tuple(0.05, 0.2, "_0.2")}) {
    metrics::BeatOptions options;
    options.sigma = sigma;
    metrics::BeatScore score;
    metrics::BeatMatch match;
    for (std::size_t n = 0; n < made_.size(); ++n) {
      const auto row = table.as<double>().subspan(n * 8, 8);
      const std::vector<double> beats(row.begin(), row.end());
      score += metrics::beat_consistency(made_[n], beats, options);
      match.add(metrics::match_beats(made_[n], beats, tolerance, options));
    }
    expect_close(score.bc(), std::string("bc") + suffix);
    expect_close(score.bc_star(), std::string("bc_star") + suffix);
    expect_close(match.coverage(), std::string("coverage") + suffix);
    expect_close(match.hit_rate(), std::string("hit") + suffix);
    expect_close(match.hit_star(), std::string("hit_star") + suffix);
    expect_close(match.recall(), std::string("recall") + suffix);
  }
}

}  // namespace
}  // namespace stgmamba::test
