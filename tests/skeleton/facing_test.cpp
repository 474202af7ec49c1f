// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/facing.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace stgmamba::test {
namespace {

using skeleton::Motion;
using skeleton::NearSide;

/// Shoulders turned by `yaw` degrees a frame (+ towards the picture's left), the nose 60 % of their width in front.
Motion turning(const std::vector<double>& yaws) {
  Motion motion(static_cast<std::int64_t>(yaws.size()), 10.0);
  for (std::size_t f = 0; f < yaws.size(); ++f) {
    const double yaw = yaws[f] * 3.14159265358979 / 180.0;
    const auto put = [&](int joint, double x) {
      motion.x(static_cast<std::int64_t>(f), joint) = static_cast<float>(300.0 + x);
      motion.y(static_cast<std::int64_t>(f), joint) = 100.0F;
      motion.score[f * 18 + static_cast<std::size_t>(joint)] = 1.0F;
    };
    put(skeleton::kRightShoulder, -20.0 * std::cos(yaw));
    put(skeleton::kLeftShoulder, 20.0 * std::cos(yaw));
    put(skeleton::kNose, -24.0 * std::sin(yaw));
  }
  return motion;
}

TEST(NearSides, WhoLooksLeftShowsTheLeftSide) {
  const auto sides = skeleton::near_sides(turning({0, 20, 75, 90, 50, 30, -50, -80}));
  const std::vector<NearSide> wanted = {NearSide::kBoth, NearSide::kBoth, NearSide::kLeft, NearSide::kLeft,
                                        NearSide::kLeft, NearSide::kBoth, NearSide::kBoth, NearSide::kRight};
  EXPECT_EQ(sides, wanted);  // 50 degrees: still turned, but not yet
}

TEST(NearSides, MissingJointsKeepTheLastAnswer) {
  Motion motion = turning({0, 80, 80, 80});
  motion.score[2 * 18 + skeleton::kLeftShoulder] = 0.0F;
  motion.score[3 * 18 + skeleton::kNose] = 0.0F;
  const auto sides = skeleton::near_sides(motion);
  EXPECT_EQ(sides[2], NearSide::kLeft);
  EXPECT_EQ(sides[3], NearSide::kLeft);
  EXPECT_EQ(skeleton::near_sides(Motion(3, 10.0)), std::vector<NearSide>(3, NearSide::kBoth));
}

}  // namespace
}  // namespace stgmamba::test
