// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/beat_warp.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {
namespace {

/// Every joint's x is the time in ms, so that a warped dance tells when each pose was danced.
Motion clock(std::int64_t frames, double fps) {
  Motion motion(frames, fps);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  for (std::int64_t f = 0; f < frames; ++f) {
    for (int v = 0; v < kJoints; ++v) {
      motion.x(f, v) = static_cast<float>(1000.0 * static_cast<double>(f) / fps);
      motion.y(f, v) = static_cast<float>(v);
    }
  }
  return motion;
}

TEST(BeatTime, CountsBeatsAndGoesOnBeyondThem) {
  const std::vector<double> beats = {1.0, 1.5, 2.5};
  EXPECT_DOUBLE_EQ(time_at(beats, 1.25), 1.75);
  EXPECT_DOUBLE_EQ(time_at(beats, -1.0), 0.5);
  EXPECT_DOUBLE_EQ(time_at(beats, 2.5), 3.0);
  for (const double position : {-2.0, 0.0, 0.3, 1.0, 1.9, 2.0, 7.5}) {
    EXPECT_NEAR(position_at(beats, time_at(beats, position)), position, 1e-12);
  }
}

TEST(WarpToBeats, EveryBeatFallsOnItsPartner) {
  const std::vector<double> from = {0.5, 1.3, 1.9, 3.1}, to = {10.0, 10.7, 11.4, 12.1};
  const Motion warped = warp_to_beats(clock(80, 20.0), from, to, 100.0);
  EXPECT_EQ(warped.frames(), 210);
  EXPECT_EQ(warped.fps, 100.0);
  for (std::size_t k = 0; k + 1 < from.size(); ++k) {
    const auto frame = static_cast<std::int64_t>(std::llround((to[k] - to[0]) * 100));
    EXPECT_NEAR(warped.x(frame, 4), 1000 * from[k], 0.01);
    EXPECT_NEAR(warped.x(frame + 35, 4), 500 * (from[k] + from[k + 1]), 0.01);  // linear between
    EXPECT_EQ(warped.y(frame, 11), 11.0F);
  }
  for (std::int64_t f = 1; f < warped.frames(); ++f) {
    ASSERT_GT(warped.x(f, 0), warped.x(f - 1, 0));  // time never runs back
  }
}

TEST(WarpToBeats, RefusesListsThatDoNotMatch) {
  const Motion motion = clock(80, 20.0);
  EXPECT_THROW(warp_to_beats(motion, {1, 2, 3}, {1, 2}, 30), BugError);
  EXPECT_THROW(warp_to_beats(motion, {1, 2, 2}, {1, 2, 3}, 30), BugError);
  EXPECT_THROW(warp_to_beats(motion, {1}, {1}, 30), BugError);
}

}  // namespace
}  // namespace stgmamba::skeleton
