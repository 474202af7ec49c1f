// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/project.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "stgmamba/skeleton/formats.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr double kScale = 360.0 / 2.6;  // pixels a metre at the default size

/// A stiff figure that faces +z: the left is at +x, ankles at y = 0.05.
constexpr double kFigure[kJoints][3] = {
    {0, 1.6, 0.1},  {0, 1.45, 0},      {-0.2, 1.45, 0},  {-0.3, 1.2, 0},  {-0.35, 0.95, 0.1}, {0.2, 1.45, 0},
    {0.3, 1.2, 0},  {0.35, 0.95, 0.1}, {-0.12, 0.95, 0}, {-0.12, 0.5, 0}, {-0.12, 0.05, 0},   {0.12, 0.95, 0},
    {0.12, 0.5, 0}, {0.12, 0.05, 0},   {-0.03, 1.65, 0}, {0.03, 1.65, 0}, {-0.08, 1.6, 0},    {0.08, 1.6, 0}};

/// The figure standing at `where(t)` = (x, z) and turned by `turn(t)` radians about the vertical.
template <typename Where, typename Turn>
Motion3 dance(std::int64_t frames, Where where, Turn turn) {
  Motion3 motion;
  motion.fps = 30.0;
  for (std::int64_t i = 0; i < frames; ++i) {
    const double t = static_cast<double>(i) / motion.fps;
    const auto [x, z] = where(t);
    const double c = std::cos(turn(t));
    const double s = std::sin(turn(t));
    for (const auto& p : kFigure) {
      motion.xyz.push_back(static_cast<float>(x + c * p[0] + s * p[2]));
      motion.xyz.push_back(static_cast<float>(p[1]));
      motion.xyz.push_back(static_cast<float>(z - s * p[0] + c * p[2]));
    }
  }
  return motion;
}

std::pair<double, double> still(double) {
  return {3.0, -2.0};
}
double facing(double) {
  return 0.0;
}

TEST(Project, StandingFigureExactly) {
  const Motion out = project(dance(10, still, facing));
  ASSERT_EQ(out.frames(), 10);
  EXPECT_EQ(out.fps, 30.0);
  for (int joint = 0; joint < kJoints; ++joint) {
    EXPECT_NEAR(out.x(4, joint), 320 + kScale * kFigure[joint][0], 1e-3) << joint_name(joint);
    EXPECT_NEAR(out.y(4, joint), 360 * 0.92 - kScale * (kFigure[joint][1] - 0.05), 1e-3) << joint_name(joint);
    EXPECT_FALSE(out.missing(4, joint));
  }
  EXPECT_LT(out.x(4, kRightShoulder), out.x(4, kLeftShoulder));
}

TEST(Project, CameraTurnsWithTheDancer) {
  // Half a turn in 10 s, off the world's centre: always seen from the front, and no step appears that is not there.
  const auto slow = [](double t) { return std::numbers::pi * t / 10; };
  const Motion out = project(dance(300, still, slow));
  for (std::int64_t frame = 90; frame < 210; ++frame) {  // away from the ends, where smoothing is one-sided
    EXPECT_NEAR(out.x(frame, kRightShoulder), 320 - kScale * 0.2, 0.05);
    EXPECT_NEAR(out.x(frame, kLeftAnkle), 320 + kScale * 0.12, 0.05);
  }
  ProjectOptions fixed;
  fixed.follow = false;
  const Motion held = project(dance(300, still, slow), fixed);
  EXPECT_NEAR(held.x(0, kRightShoulder), 320, 1.0);  // seen from the side at first: the mean heading is the camera's
  EXPECT_LT(held.x(150, kRightShoulder), 320 - kScale * 0.19);
}

TEST(Project, QuickTurnShowsTheBack) {
  // Half a turn and back in 0.8 s: far quicker than the camera follows, unless it does not smooth at all.
  const auto spin = [](double t) { return std::numbers::pi * std::max(0.0, 1 - std::abs(t - 3.2) / 0.4); };
  const Motion3 motion = dance(195, still, spin);
  ProjectOptions slow;
  slow.heading_smoothing = 5.0;
  EXPECT_GT(project(motion, slow).x(96, kRightShoulder), project(motion, slow).x(96, kLeftShoulder) + 40);
  ProjectOptions quick;
  quick.heading_smoothing = 0.0;
  const Motion out = project(motion, quick);
  for (std::int64_t frame = 0; frame < out.frames(); ++frame) {
    EXPECT_NEAR(out.x(frame, kRightShoulder), 320 - kScale * 0.2, 0.05);
  }
}

TEST(Project, SidewaysTravel) {
  const auto swing = [](double t) { return std::pair{0.5 * std::sin(t), 0.7 * t}; };
  const Motion3 motion = dance(300, swing, facing);
  const Motion all = project(motion);
  const auto [low, high] = std::pair{320 - kScale * 0.5, 320 + kScale * 0.5};
  EXPECT_NEAR(all.x(47, kNeck), high, 1.0);  // t = 1.57
  EXPECT_NEAR(all.x(141, kNeck), low, 1.0);  // t = 4.7; walking to the camera changes nothing
  ProjectOptions half;
  half.travel = 0.5;
  EXPECT_NEAR(project(motion, half).x(47, kNeck), 320 + kScale * 0.25, 1.0);
  half.travel = 0.0;
  EXPECT_NEAR(project(motion, half).x(47, kNeck), 320, 1e-3);
}

TEST(Project, TheCameraPansWhereTheTakeWouldLeaveTheFrame) {
  // A walk across a big stage with a sway of 0.3 m: the walk goes, the sway and the frame's edges stay.
  const auto walk = [](double t) { return std::pair{0.5 * t + 0.3 * std::sin(4 * t), 0.0}; };
  const Motion wide = project(dance(900, walk, facing));
  float low = 640;
  float high = 0;
  for (std::int64_t frame = 0; frame < wide.frames(); ++frame) {
    ASSERT_GT(wide.x(frame, kRightWrist), 0.0F);
    ASSERT_LT(wide.x(frame, kLeftWrist), 640.0F);
    if (frame >= 400 && frame < 500) {
      low = std::min(low, wide.x(frame, kNeck));
      high = std::max(high, wide.x(frame, kNeck));
    }
  }
  EXPECT_NEAR(high - low, kScale * 0.6, 2.0);
  // Steps too wide even for a panning camera are shrunk to the margin of 2 %.
  const Motion leaps = project(dance(
      900,
      [](double t) {
        return std::pair{6 * std::sin(2 * t), 0.0};
      },
      facing));
  float left = 640;
  for (std::int64_t frame = 0; frame < leaps.frames(); ++frame) {
    left = std::min({left, leaps.x(frame, kRightWrist), 640 - leaps.x(frame, kLeftWrist)});
  }
  EXPECT_NEAR(left, 640 * 0.02, 1e-2);
}

TEST(Project, MissingJointsStayMissing) {
  Motion3 motion = dance(20, still, facing);
  const auto lose = [&](std::int64_t frame, int joint) {
    motion.xyz[static_cast<std::size_t>((frame * kJoints + joint) * 3 + 1)] = std::nanf("");
  };
  lose(5, kLeftWrist);
  for (const int joint : {kRightHip, kLeftHip, kRightShoulder, kNeck}) {  // heading and place come from the neighbours
    lose(7, joint);
  }
  const Motion out = project(motion);
  EXPECT_TRUE(out.missing(5, kLeftWrist));
  EXPECT_TRUE(std::isnan(out.x(5, kLeftWrist)));
  EXPECT_TRUE(out.missing(7, kNeck));
  EXPECT_NEAR(out.x(7, kLeftKnee), 320 + kScale * 0.12, 1e-3);
  EXPECT_NEAR(missing_share(out), 5.0 / (20 * 18), 1e-12);
  for (std::int64_t frame = 0; frame < 20; ++frame) {
    for (const int joint : {kRightHip, kNeck}) {
      lose(frame, joint);
    }
  }
  EXPECT_EQ(test::exit_code_of([&] { project(motion); }), 4);
  EXPECT_EQ(project(Motion3{}).frames(), 0);
}

TEST(Project, SalsaIsUprightInsideAndNotMirrored) {
  STG_REQUIRE_TESTDATA(data);
  int takes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data / "motion" / "cmu_salsa")) {
    const Joints3dFile file = read_joints3d(entry.path());
    const Motion out = project(file.motion);
    ASSERT_EQ(out.frames(), file.motion.frames());
    std::int64_t right_is_left = 0;
    double lowest = 0;
    double reach = 0;
    for (std::int64_t frame = 0; frame < out.frames(); ++frame) {
      right_is_left += out.x(frame, kRightShoulder) < out.x(frame, kLeftShoulder) ? 1 : 0;
      lowest = std::max<double>(lowest, std::max(out.y(frame, kRightAnkle), out.y(frame, kLeftAnkle)));
      ASSERT_LT(out.y(frame, kNose), out.y(frame, kRightHip));
      for (int joint = 0; joint < kJoints; ++joint) {
        ASSERT_GE(out.x(frame, joint), 0.0F);
        ASSERT_LE(out.x(frame, joint), 640.0F);
        ASSERT_GE(out.y(frame, joint), 0.0F);
        ASSERT_LE(out.y(frame, joint), 360.0F);
      }
      reach = std::max<double>(reach, std::abs(out.x(frame, kNeck) - 320.0));
    }
    EXPECT_GT(static_cast<double>(right_is_left), 0.7 * static_cast<double>(out.frames())) << entry.path();
    EXPECT_NEAR(lowest, 360 * 0.92, 12.0) << entry.path();  // ground line
    EXPECT_GT(reach, 15.0) << entry.path();                 // steps are kept
    ++takes;
  }
  EXPECT_EQ(takes, 18);
}

}  // namespace
}  // namespace stgmamba::skeleton
