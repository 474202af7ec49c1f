// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/spread.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::test {
namespace {

using skeleton::Motion;

/// All joints but the neck displaced by `shift` px, plus a sway of one wrist and tremor.
Motion dance(float shift, float sway, double tremor, std::uint64_t seed) {
  Motion motion = metrics::still_motion(std::vector<float>(36, 100.0F), 40, 10);
  util::Random random(seed, "tremor");
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      motion.x(frame, joint) += joint == skeleton::kNeck ? 0.0F : shift;
      motion.x(frame, joint) += static_cast<float>(tremor * random.normal());
    }
    motion.x(frame, 4) += sway * static_cast<float>(std::sin(2 * std::numbers::pi * 0.1 * static_cast<double>(frame)));
  }
  return motion;
}

TEST(Spread, VarianceAcrossClipsIsRootCentredAndInUnitsOfH) {
  metrics::ElementSums sums;
  EXPECT_TRUE(std::isnan(sums.mean_variance()));
  sums.add(metrics::pose_row(dance(0, 0, 0, 1)));
  EXPECT_TRUE(std::isnan(sums.mean_variance()));
  sums.add(metrics::pose_row(dance(36, 0, 0, 1)));  // 0.2 h apart in 17 of 36 numbers: variance 0.01 there
  EXPECT_NEAR(sums.mean_variance(), 0.01 * 17 / 36, 1e-9);
  EXPECT_NEAR(sums.mean_variance(true), 0.02 * 17 / 36, 1e-9);
}

TEST(Spread, TheShortestRowSetsTheLength) {
  metrics::ElementSums sums, other;
  sums.add(std::vector<double>{1, 2, 3});
  sums.add(std::vector<double>{3, 2});
  EXPECT_DOUBLE_EQ(sums.mean_variance(), 0.5);
  other.add(std::vector<double>{5});
  sums.add(other, 2.0);  // 1, 3, 5, 5
  EXPECT_DOUBLE_EQ(sums.mean_variance(), 2.75);
}

TEST(Spread, FrozenMotionHasNoVarianceOverTime) {
  EXPECT_EQ(metrics::time_variance(dance(5, 0, 0, 1)), 0.0);
  EXPECT_NEAR(metrics::time_variance(dance(5, 18, 0, 1)), 0.1 * 0.1 / 2 / 36, 1e-6);  // amplitude 0.1 h
}

TEST(Spread, TremorIsNoVariety) {
  std::vector<Motion> trembling, varied;
  for (std::uint64_t i = 0; i < 8; ++i) {
    trembling.push_back(dance(0, 0, 3, i));
    varied.push_back(dance(static_cast<float>(3 * (i % 2)), 0, 0, i));
  }
  EXPECT_LT(metrics::multimodal_variance(trembling), 0.2 * metrics::draw_variance(trembling, true));
  EXPECT_NEAR(metrics::multimodal_variance(varied), metrics::draw_variance(varied, true) * 8 / 7, 1e-9);
  EXPECT_TRUE(std::isnan(metrics::multimodal_variance({dance(0, 0, 0, 1)})));
}

TEST(Spread, SlowFramesAreCounted) {
  const Motion moving = dance(0, 60, 0, 1);
  Motion half = moving;
  for (std::int64_t frame = 20; frame < half.frames(); ++frame) {
    half.x(frame, 4) = half.x(19, 4);
  }
  EXPECT_EQ(metrics::slow_share({metrics::still_motion(std::vector<float>(36, 1.0F), 9, 10)}, {moving}), 1.0);
  EXPECT_LT(metrics::slow_share({moving}, {moving}), 0.3);
  EXPECT_GT(metrics::slow_share({half}, {moving}), 0.5);
}

}  // namespace
}  // namespace stgmamba::test
