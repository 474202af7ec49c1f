// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/beat.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::test {
namespace {

using metrics::BeatOptions;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

const std::vector<double> kEnvelope = {0, 3, 2, 1, 2, 3, 2, 2, 1, 0.5, 1, 2, 3, 3, 2, 1.5, 2, 3, 4, 4};
const std::vector<double> kMusic = {0.0, 0.5, 1.0, 1.5};

BeatOptions options_of(int order) {
  BeatOptions options;
  options.order = order;
  return options;
}

/// All joints move together along x; one eased stroke a beat, starting and ending on the beats.
skeleton::Motion locked(double fps, double period, double offset, double seconds, double noise = 0.0) {
  skeleton::Motion motion(static_cast<std::int64_t>(seconds * fps), fps);
  util::Random random(3, "noise");
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    const double beat = (static_cast<double>(frame) / fps - offset) / period + 10;
    const double u = beat - std::floor(beat);
    const double ease = u * u * (3 - 2 * u);
    const double x = static_cast<int>(std::floor(beat)) % 2 == 0 ? ease : 1 - ease;
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      motion.x(frame, joint) = static_cast<float>(300 + 60 * x + noise * random.normal());
      motion.y(frame, joint) = static_cast<float>(100 + 5 * joint + noise * random.normal());
    }
  }
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  return motion;
}

std::vector<double> grid(double period, double offset, double seconds) {
  std::vector<double> beats;
  for (double t = offset; t < seconds; t += period) {
    beats.push_back(t);
  }
  return beats;
}

TEST(Beat, TheTestVectorOfTheReference) {
  for (const int order : {1, 2}) {
    EXPECT_THAT(metrics::envelope_beats(kEnvelope, 10, options_of(order)),
                ElementsAre(DoubleNear(0.25, 1e-12), DoubleNear(0.85, 1e-12), DoubleNear(1.45, 1e-12)));
  }
  EXPECT_THAT(metrics::envelope_beats(kEnvelope, 10, options_of(3)),
              ElementsAre(DoubleNear(0.85, 1e-12), DoubleNear(1.45, 1e-12)));
  const std::vector<double> beats = metrics::envelope_beats(kEnvelope, 10);
  EXPECT_EQ(beats.size(), 3U);  // order 2 by default at 10 fps
  EXPECT_NEAR(metrics::consistency(kMusic, beats, 0.05), 0.154412, 5e-7);
  EXPECT_NEAR(metrics::consistency(kMusic, beats, 0.1), 0.323756, 5e-7);
  EXPECT_NEAR(metrics::consistency(beats, kMusic, 0.05), 0.205881, 5e-7);
  EXPECT_NEAR(metrics::consistency(beats, kMusic, 0.1), 0.417029, 5e-7);
}

TEST(Beat, OrderFollowsTheFrameRate) {
  EXPECT_EQ(metrics::beat_order(10), 2);
  EXPECT_EQ(metrics::beat_order(30), 5);
  EXPECT_EQ(metrics::beat_order(60), 10);
  EXPECT_EQ(metrics::beat_order(2), 1);
}

TEST(Beat, PlateausAndShallowMinimaGiveNone) {
  EXPECT_TRUE(metrics::envelope_beats({0, 3, 3, 1, 1, 3, 3, 3}, 10, options_of(1)).empty());
  BeatOptions options = options_of(1);
  options.prominence = 0.5;
  EXPECT_THAT(metrics::envelope_beats({0, 3, 2.8, 3.1, 2.0, 3.0, 2.9, 3.2}, 10, options), ElementsAre(0.35));
}

TEST(Beat, EnvelopeIsInUnitsOfHalfTheHeight) {
  skeleton::Motion motion = metrics::still_motion(std::vector<float>(36, 100.0F), 3, 10);
  motion.x(1, 4) += 90.0F;
  const std::vector<double> envelope = metrics::motion_envelope(motion);
  EXPECT_THAT(envelope, ElementsAre(0.0, 0.5, 0.5));
}

TEST(Beat, BorderRule) {
  EXPECT_THAT(metrics::inside_border({0.1, 0.2, 2.5, 4.8, 4.9}, 5.0, 0.2), ElementsAre(0.2, 2.5, 4.8));
}

TEST(Beat, PhaseShiftsFollowTheLocalPeriod) {
  EXPECT_THAT(metrics::phase_shifted({1.0, 2.0, 4.0}, 0.25), ElementsAre(0.25, 1.25, 2.5, 4.5));
}

TEST(Beat, LockedMotionScoresAndTheHalfFrameMatters) {
  for (const double fps : {10.0, 30.0}) {
    metrics::BeatScore right, wrong;
    for (int clip = 0; clip < 20; ++clip) {
      const double period = 0.45 + 0.01 * clip, offset = 0.013 * clip;
      const skeleton::Motion motion = locked(fps, period, offset, 5.0);
      right += metrics::beat_consistency(motion, grid(period, offset, 5.0));
      wrong += metrics::beat_consistency(motion, grid(period, offset + period / 2, 5.0));
    }
    EXPECT_GT(right.bc(), 0.9) << fps;
    EXPECT_GT(right.bc_star(), 0.8) << fps;
    EXPECT_GT(right.bc_k_star(), 0.8) << fps;
    EXPECT_LT(wrong.bc_star(), -0.5) << fps;
    EXPECT_EQ(right.clips, 20);
  }
}

TEST(Beat, ATremblingStatueScoresAboutNothing) {
  metrics::BeatScore score;
  for (int clip = 0; clip < 200; ++clip) {
    skeleton::Motion motion = metrics::still_motion(std::vector<float>(36, 100.0F), 50, 10);
    util::Random random(9, "tremor", static_cast<std::uint64_t>(clip));
    for (float& value : motion.xy) {
      value += static_cast<float>(0.2 * random.normal());
    }
    score += metrics::beat_consistency(motion, grid(0.5 + 0.003 * clip, 0.01 * clip, 5.0));
  }
  EXPECT_GT(score.bc(), 0.3);  // BC alone is fooled
  EXPECT_LT(std::abs(score.bc_star()), 0.05);
  // and the prominence of real motion silences it
  BeatOptions options;
  options.prominence = metrics::default_prominence({locked(10, 0.5, 0, 5)});
  const skeleton::Motion statue = metrics::still_motion(std::vector<float>(36, 100.0F), 50, 10);
  EXPECT_TRUE(metrics::kinematic_beats(statue, options).empty());
  EXPECT_GT(options.prominence, 0.0);
}

TEST(Beat, EdgeCases) {
  const skeleton::Motion statue = metrics::still_motion(std::vector<float>(36, 100.0F), 50, 10);
  const metrics::BeatScore none = metrics::beat_consistency(statue, {});
  EXPECT_EQ(none.clips, 0);
  EXPECT_EQ(none.skipped, 1);
  EXPECT_TRUE(std::isnan(none.bc_star()));
  const metrics::BeatScore still = metrics::beat_consistency(statue, grid(0.5, 0.2, 5.0));
  EXPECT_EQ(still.clips, 1);
  EXPECT_EQ(still.bc(), 0.0);
  EXPECT_EQ(still.bc_star(), 0.0);
}

}  // namespace
}  // namespace stgmamba::test
