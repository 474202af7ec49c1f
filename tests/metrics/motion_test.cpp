// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/motion.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace stgmamba::test {
namespace {

using skeleton::Motion;

/// Every joint moves along x by speed * t + cube * t^3, in pixels.
Motion moving(double speed, double cube, double fps, std::int64_t frames = 20) {
  Motion motion = metrics::still_motion(std::vector<float>(36, 50.0F), frames, fps);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const double t = static_cast<double>(frame) / fps;
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      motion.x(frame, joint) += static_cast<float>(speed * t + cube * t * t * t);
    }
  }
  return motion;
}

TEST(MotionMetrics, SpeedAndJerkAreInSeconds) {
  for (const double fps : {10.0, 30.0}) {
    EXPECT_NEAR(metrics::median_speed({moving(90, 0, fps)}), 0.5, 1e-3);        // 90 px/s = 0.5 h/s
    EXPECT_NEAR(metrics::median_jerk({moving(0, 180, fps)}), 6.0, 6.0 * 0.05);  // third derivative of t^3
  }
  EXPECT_NEAR(metrics::speed_ratio({moving(45, 0, 10)}, {moving(90, 0, 30)}), 0.5, 1e-3);
  EXPECT_NEAR(metrics::jerk_ratio({moving(0, 360, 10)}, {moving(7, 180, 10)}), 2.0, 0.01);
  EXPECT_EQ(metrics::speed_ratio({moving(45, 0, 10)}, {moving(0, 0, 10)}), 0.0);
}

TEST(MotionMetrics, MissingJointsAreLeftOut) {
  Motion motion = moving(90, 0, 10);
  motion.x(5, 3) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NEAR(metrics::median_speed({motion}), 0.5, 1e-3);
}

TEST(MotionMetrics, VarianceBetweenDraws) {
  Motion a = moving(0, 0, 10), b = a;
  EXPECT_EQ(metrics::draw_variance({a, b}), 0.0);
  for (float& value : b.xy) {
    value += 36.0F;  // 0.2 h: variance 0.01 h^2 over the two
  }
  EXPECT_NEAR(metrics::draw_variance({a, b}), 0.01, 1e-6);
  EXPECT_NEAR(metrics::draw_variance({a, b}, true), 0.0, 1e-9);
  EXPECT_EQ(metrics::draw_variance({a}), 0.0);
}

TEST(MotionMetrics, MedianPoseAndItsShare) {
  const Motion a = metrics::still_motion(std::vector<float>(36, 10.0F), 5, 10);
  const Motion b = metrics::still_motion(std::vector<float>(36, 20.0F), 4, 10);
  const Motion c = metrics::still_motion(std::vector<float>(36, 90.0F), 4, 10);
  const std::vector<float> pose = metrics::median_pose({a, b, c});
  EXPECT_EQ(pose, std::vector<float>(36, 20.0F));
  EXPECT_EQ(metrics::l1(a, c), 80.0);
  EXPECT_EQ(metrics::l1_share({b, b}, {a, c}, pose), 1.0);
  EXPECT_EQ(metrics::l1_share({a, c}, {a, c}, pose), 0.0);
}

}  // namespace
}  // namespace stgmamba::test
