// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/motion.hpp"

#include <cmath>
#include <fstream>
#include <numbers>

#include <gtest/gtest.h>

#include "stgmamba/io/npz.hpp"
#include "stgmamba/skeleton/formats.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

void put(Motion& motion, std::int64_t frame, int joint, float x, float y) {
  motion.x(frame, joint) = x;
  motion.y(frame, joint) = y;
  motion.score[static_cast<std::size_t>(frame * kJoints + joint)] = 1.0F;
}

void drop(Motion& motion, std::int64_t frame, int joint) {
  motion.x(frame, joint) = motion.y(frame, joint) = std::nanf("");
  motion.score[static_cast<std::size_t>(frame * kJoints + joint)] = 0.0F;
}

/// Joint j at (f(t) + 3 j, 2 f(t) - j) with f a sinusoid of 0.5 Hz.
Motion wave(std::int64_t frames, double fps) {
  Motion motion(frames, fps);
  for (std::int64_t i = 0; i < frames; ++i) {
    const double value = 200 + 50 * std::sin(std::numbers::pi * static_cast<double>(i) / fps);
    for (int joint = 0; joint < kJoints; ++joint) {
      put(motion, i, joint, static_cast<float>(value + 3 * joint), static_cast<float>(2 * value - joint));
    }
  }
  return motion;
}

TEST(Motion, BeginsMissing) {
  const Motion motion(3, 10.0);
  EXPECT_EQ(motion.frames(), 3);
  EXPECT_EQ(missing_share(motion), 1.0);
  EXPECT_TRUE(std::isnan(motion.x(2, 17)));
  EXPECT_DOUBLE_EQ(motion.seconds(), 0.3);
}

TEST(FillMissing, LinearInsideHeldAtTheEnds) {
  Motion motion = wave(11, 10.0);
  for (const std::int64_t frame : {0, 1, 4, 5, 6, 10}) {
    drop(motion, frame, kLeftWrist);
  }
  put(motion, 3, kLeftWrist, 100.0F, 20.0F);
  put(motion, 7, kLeftWrist, 200.0F, 60.0F);
  const Motion before = motion;
  EXPECT_NEAR(missing_share(motion), 6.0 / (11 * 18), 1e-12);
  fill_missing(motion);
  EXPECT_FLOAT_EQ(motion.x(4, kLeftWrist), 125.0F);
  EXPECT_FLOAT_EQ(motion.x(5, kLeftWrist), 150.0F);
  EXPECT_FLOAT_EQ(motion.y(6, kLeftWrist), 50.0F);
  EXPECT_EQ(motion.x(0, kLeftWrist), before.x(2, kLeftWrist));
  EXPECT_EQ(motion.y(1, kLeftWrist), before.y(2, kLeftWrist));
  EXPECT_EQ(motion.x(10, kLeftWrist), before.x(9, kLeftWrist));
  EXPECT_EQ(motion.score, before.score);  // a filled joint is still known to be a guess
  EXPECT_EQ(motion.x(4, kRightWrist), before.x(4, kRightWrist));
}

TEST(FillMissing, NeverSeenJointFollowsItsNeighbour) {
  Motion motion(5, 10.0);
  for (std::int64_t frame = 0; frame < 5; ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      put(motion, frame, joint, 300.0F + static_cast<float>(frame), 100.0F + static_cast<float>(joint));
    }
    put(motion, frame, kNeck, 300.0F + static_cast<float>(frame), 100.0F);
    put(motion, frame, kRightHip, 280.0F + static_cast<float>(frame), 180.0F);
    put(motion, frame, kLeftHip, 320.0F + static_cast<float>(frame), 180.0F);
    put(motion, frame, kRightElbow, 250.0F + static_cast<float>(frame), 140.0F);
    drop(motion, frame, kRightWrist);
  }
  fill_missing(motion);
  for (std::int64_t frame = 0; frame < 5; ++frame) {  // torso 80: the forearm is (-0.05, 0.45) of it
    EXPECT_NEAR(motion.x(frame, kRightWrist), 250.0F + static_cast<float>(frame) - 4.0F, 1e-3);
    EXPECT_NEAR(motion.y(frame, kRightWrist), 140.0F + 36.0F, 1e-3);
    EXPECT_TRUE(motion.missing(frame, kRightWrist));
  }
}

TEST(FillMissing, RefusesTooMuch) {
  Motion motion = wave(10, 10.0);
  for (std::int64_t frame = 0; frame < 10; ++frame) {
    for (int joint = 0; joint < 4; ++joint) {
      drop(motion, frame, joint);
    }
  }
  const auto fill = [&] { fill_missing(motion); };  // 4 of 18 = 22 %
  EXPECT_EQ(test::exit_code_of(fill), 4);
  EXPECT_NE(test::error_of(fill).find("22 %"), std::string::npos) << test::error_of(fill);
  fill_missing(motion, 0.25);
  for (const float value : motion.xy) {
    EXPECT_TRUE(std::isfinite(value));
  }
  Motion empty(4, 10.0);
  EXPECT_EQ(test::exit_code_of([&] { fill_missing(empty, 1.0); }), 4);
}

TEST(Normalise, ExactVectors) {
  const std::vector<float> pixels = {0, 0, 640, 360, 320, 180, 350, 297, 160, 90};
  const std::vector<float> unit = {-1, -1, 1, 1, 0, 0, 0.09375F, 0.65F, -0.5F, -0.5F};
  const auto got = normalise(pixels);
  ASSERT_EQ(got.size(), unit.size());
  for (std::size_t i = 0; i < unit.size(); ++i) {
    EXPECT_NEAR(got[i], unit[i], 1e-6) << i;
  }
  const auto back = denormalise(unit);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    EXPECT_NEAR(back[i], pixels[i], 1e-4) << i;
  }
}

TEST(Resample, KeepsConstantsAndCommonFrames) {
  Motion still(31, 30.0);
  for (std::int64_t frame = 0; frame < 31; ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      put(still, frame, joint, 12.5F, 77.25F);
    }
  }
  for (const double fps : {10.0, 25.0, 29.97, 60.0}) {
    const Motion out = resample(still, fps);
    EXPECT_EQ(out.fps, fps);
    EXPECT_EQ(out.frames(), static_cast<std::int64_t>(std::floor(fps)) + 1);  // the input spans exactly 1 s
    for (std::int64_t i = 0; i < out.frames(); ++i) {
      EXPECT_FLOAT_EQ(out.x(i, 3), 12.5F);
      EXPECT_FLOAT_EQ(out.y(i, 17), 77.25F);
      EXPECT_FLOAT_EQ(out.score[static_cast<std::size_t>(i * kJoints)], 1.0F);
    }
  }
  const Motion fast = wave(91, 30.0);
  const Motion slow = resample(fast, 10.0);
  ASSERT_EQ(slow.frames(), 31);
  for (std::int64_t i = 0; i < slow.frames(); ++i) {
    EXPECT_EQ(slow.x(i, 5), fast.x(3 * i, 5));
    EXPECT_EQ(slow.y(i, 9), fast.y(3 * i, 9));
  }
}

TEST(Resample, FollowsASinusoid) {
  const Motion truth = wave(100, 30.0);
  const Motion out = resample(wave(40, 10.0), 30.0);
  ASSERT_EQ(out.frames(), 118);  // the last frame at 3.9 s
  for (std::int64_t i = 3; i < 97; ++i) {
    EXPECT_NEAR(out.x(i, 4), truth.x(i, 4), 0.15) << i;  // linear interpolation would be off by 0.6 px
  }
}

TEST(Resample, GapsStayGaps) {
  Motion motion = wave(20, 10.0);
  drop(motion, 5, kNose);
  const Motion out = resample(motion, 20.0);
  for (std::int64_t i = 0; i < out.frames(); ++i) {
    EXPECT_EQ(out.missing(i, kNose), i >= 9 && i <= 11) << i;
    EXPECT_EQ(std::isnan(out.x(i, kNose)), out.missing(i, kNose)) << i;
    EXPECT_FALSE(out.missing(i, kNeck));
  }
  // Linear beside the gap: the curve must not use the missing frame.
  EXPECT_NEAR(out.x(13, kNose), (motion.x(6, kNose) + motion.x(7, kNose)) / 2, 1.0);
}

TEST(Mirror, TwiceIsTheSame) {
  Motion motion = wave(7, 10.0);
  drop(motion, 2, kRightElbow);
  const Motion once = mirror(motion);
  EXPECT_FLOAT_EQ(once.x(3, kLeftWrist), 640.0F - motion.x(3, kRightWrist));
  EXPECT_FLOAT_EQ(once.y(3, kLeftWrist), motion.y(3, kRightWrist));
  EXPECT_FLOAT_EQ(once.x(3, kNose), 640.0F - motion.x(3, kNose));
  EXPECT_TRUE(once.missing(2, kLeftElbow));
  EXPECT_FALSE(once.missing(2, kRightElbow));
  const Motion twice = mirror(once);
  EXPECT_EQ(twice.score, motion.score);
  for (std::size_t i = 0; i < motion.xy.size(); ++i) {
    if (std::isnan(motion.xy[i])) {
      EXPECT_TRUE(std::isnan(twice.xy[i]));
    } else {
      EXPECT_NEAR(twice.xy[i], motion.xy[i], 1e-4);
    }
  }
}

TEST(Slice, TakesTheFrames) {
  const Motion motion = wave(12, 25.0);
  const Motion part = slice(motion, 4, 3);
  ASSERT_EQ(part.frames(), 3);
  EXPECT_EQ(part.fps, 25.0);
  EXPECT_EQ(part.x(0, 2), motion.x(4, 2));
  EXPECT_EQ(part.y(2, 17), motion.y(6, 17));
  EXPECT_EQ(test::exit_code_of([&] { slice(motion, 10, 3); }), 1);
}

TEST(MotionNpz, RoundTripAndDamage) {
  const test::TempFolder folder;
  Motion motion = wave(9, 29.97);
  drop(motion, 4, kLeftKnee);
  motion.score[7] = 0.3125F;
  write_motion_npz(folder / "take.npz", motion);
  const Motion back = read_motion_npz(folder / "take.npz");
  EXPECT_EQ(back.fps, motion.fps);
  EXPECT_EQ(back.score, motion.score);
  EXPECT_TRUE(std::isnan(back.x(4, kLeftKnee)));
  EXPECT_EQ(back.x(8, 17), motion.x(8, 17));

  const std::vector<float> short_score(8 * kJoints);
  const std::vector<double> fps = {10.0};
  io::write_npz(folder / "ragged.npz", {{"xy", io::Array::from<float>(motion.xy, {9, kJoints, 2})},
                                        {"score", io::Array::from<float>(short_score, {8, kJoints})},
                                        {"fps", io::Array::from<double>(fps, {})}});
  io::write_npz(folder / "no_fps.npz", {{"xy", io::Array::from<float>(motion.xy, {9, kJoints, 2})},
                                        {"score", io::Array::from<float>(motion.score, {9, kJoints})}});
  std::ofstream(folder / "text.npz") << "no archive";
  for (const char* name : {"ragged.npz", "no_fps.npz", "text.npz", "absent.npz"}) {
    const auto read = [&] { read_motion_npz(folder / name); };
    EXPECT_EQ(test::exit_code_of(read), 4) << name;
    EXPECT_NE(test::error_of(read).find(name), std::string::npos) << test::error_of(read);
    EXPECT_EQ(test::error_of(read).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace stgmamba::skeleton
