// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/pose_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr int kWidth = 52, kHeight = 44;
const PoseMapStyle kOneHot = {PoseMapKind::kOneHot, kWidth, kHeight};

/// A lopsided figure inside the map; coordinates are quarters, so that mirroring is exact.
Motion figure() {
  Motion motion(1, 10.0);
  for (int v = 0; v < kJoints; ++v) {
    motion.x(0, v) = static_cast<float>(8 + (v * 37 % 140) * 0.25);
    motion.y(0, v) = static_cast<float>(6 + (v * 53 % 130) * 0.25);
    motion.score[static_cast<std::size_t>(v)] = 1.0F;
  }
  return motion;
}

/// Left and right exchanged about the middle of the map.
Motion mirrored(const Motion& motion) {
  Motion out = motion;
  for (int v = 0; v < kJoints; ++v) {
    out.x(0, v) = static_cast<float>(kWidth - 1) - motion.x(0, mirror_pairs()[static_cast<std::size_t>(v)]);
    out.y(0, v) = motion.y(0, mirror_pairs()[static_cast<std::size_t>(v)]);
  }
  return out;
}

std::uint8_t at(const std::vector<std::uint8_t>& map, int channel, int x, int y, int width = kWidth,
                int height = kHeight) {
  return map[static_cast<std::size_t>((channel * height + y) * width + x)];
}

/// The limb that takes each limb's place in a mirror image.
constexpr std::array<int, kPoseLimbs> kMirrorLimb = {3, 2, 1, 0, 4, 5, 9, 10, 11, 6, 7, 8, 15, 16, 17, 12, 13, 14};

TEST(PoseMap, AMirroredDancerIsTheMirroredMapWithSidesExchanged) {
  const std::vector<std::uint8_t> map = pose_map(figure(), 0, {}, kOneHot);
  const std::vector<std::uint8_t> other = pose_map(mirrored(figure()), 0, {}, kOneHot);
  int differences = 0, painted = 0;
  for (int limb = 0; limb < kPoseLimbs; ++limb) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        painted += at(map, limb, x, y) > 0 ? 1 : 0;
        differences += at(other, kMirrorLimb[static_cast<std::size_t>(limb)], kWidth - 1 - x, y) != at(map, limb, x, y);
      }
    }
  }
  EXPECT_EQ(differences, 0);
  EXPECT_GT(painted, 300);
  // In colours the mirrored dancer must not look like the mirrored picture: left is not right.
  const media::Image a = pose_map_image(figure(), 0, {}, kOneHot);
  const media::Image b = pose_map_image(mirrored(figure()), 0, {}, kOneHot);
  int unlike = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const auto left = static_cast<std::size_t>((y * kWidth + x) * 3);
      const auto right = static_cast<std::size_t>((y * kWidth + kWidth - 1 - x) * 3);
      unlike += a.pixels[left] != b.pixels[right] ? 1 : 0;
    }
  }
  EXPECT_GT(unlike, 100);
}

TEST(PoseMap, OneLimbPixelByPixelInItsColour) {
  Motion motion(2, 10.0);
  motion.x(1, kRightKnee) = 110;
  motion.y(1, kRightKnee) = 50;
  motion.x(1, kRightAnkle) = 114;
  motion.y(1, kRightAnkle) = 50;
  motion.score[kJoints + kRightKnee] = motion.score[kJoints + kRightAnkle] = 0.5F;
  const Placement placement = {2.0, 0.5, 100.0, 30.0};  // to (20, 10) and (28, 10)
  const media::Image image = pose_map_image(motion, 1, placement, {PoseMapKind::kOneHot, 40, 21});
  for (int y = 0; y < 21; ++y) {
    for (int x = 0; x < 40; ++x) {
      const bool on = (std::abs(y - 10) <= 1 && x >= 20 && x <= 28) || (y == 10 && (x == 19 || x == 29));
      const auto i = static_cast<std::size_t>((y * 40 + x) * 3);
      EXPECT_EQ(image.pixels[i], 0);
      EXPECT_EQ(image.pixels[i + 1], on ? 153 : 0) << x << ", " << y;
      EXPECT_EQ(image.pixels[i + 2], on ? 153 : 0);
    }
  }
}

TEST(PoseMap, LinesGrowWithTheMap) {
  Motion motion(1, 10.0);
  for (const int joint : {kLeftHip, kLeftKnee}) {
    motion.x(0, joint) = 300;
    motion.y(0, joint) = joint == kLeftHip ? 100.0F : 500.0F;
    motion.score[static_cast<std::size_t>(joint)] = 1.0F;
  }
  const auto width_of = [&](int height) {
    const auto map = pose_map(motion, 0, {}, {PoseMapKind::kOneHot, 600, height});
    int count = 0;
    for (int x = 0; x < 600; ++x) {
      count += at(map, 16, x, 200, 600, height) > 0 ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(width_of(256), 3);
  EXPECT_EQ(width_of(720), 7);
}

TEST(PoseMap, MissingJointsAndHiddenLimbsAreLeftOut) {
  const auto painted = [](const std::vector<std::uint8_t>& map, int limb) {
    const auto first = map.begin() + static_cast<std::ptrdiff_t>(limb) * kWidth * kHeight;
    return std::count(first, first + kWidth * kHeight, 255) > 0;
  };
  Motion motion = figure();
  motion.score[kLeftHip] = 0;
  const auto map = pose_map(motion, 0, {}, kOneHot);
  for (int limb = 0; limb < kPoseLimbs; ++limb) {
    const bool without = limb == 5 || limb == 12 || limb == 15 || limb == 16;  // the middle of the hips needs both
    EXPECT_EQ(painted(map, limb), !without) << limb;
  }
  PoseMapStyle style = kOneHot;
  style.hidden = 1U << 7U;
  const auto fewer = pose_map(figure(), 0, {}, style);
  EXPECT_FALSE(painted(fewer, 7));
  EXPECT_TRUE(painted(fewer, 6));
  Motion far = figure();
  far.x(0, kNose) = -1e9F;
  far.y(0, kNeck) = std::nanf("");
  EXPECT_NO_THROW(pose_map(far, 0, {}, kOneHot));
}

TEST(PoseMap, ResizingThePictureMovesTheJointsWithIt) {
  const Placement placement = {1.5, 0.75, 20.0, -3.0};
  const Placement half = resized(placement, 128, 96, 64, 24);
  const double x = (57.0 - placement.left) * placement.scale_x, y = (31.0 - placement.top) * placement.scale_y;
  EXPECT_NEAR((57.0 - half.left) * half.scale_x, (x + 0.5) / 2 - 0.5, 1e-12);
  EXPECT_NEAR((31.0 - half.top) * half.scale_y, (y + 0.5) / 4 - 0.5, 1e-12);
}

TEST(PoseMap, JointsLieWhereLimbsAreDrawn) {
  Motion motion = figure();
  motion.score[kRightWrist] = 0.0F;
  const Placement place = {0.5, 0.75, 4.0, -3.0};
  const std::vector<float> joints = picture_joints(motion, 0, place);
  ASSERT_EQ(joints.size(), std::size_t{kJoints * 3});
  for (int v = 0; v < kJoints; ++v) {
    const float* joint = joints.data() + v * 3;
    const bool seen = v != kRightWrist;
    EXPECT_FLOAT_EQ(joint[0], seen ? (motion.x(0, v) - 4.0F) * 0.5F : 0.0F) << v;
    EXPECT_FLOAT_EQ(joint[1], seen ? (motion.y(0, v) + 3.0F) * 0.75F : 0.0F) << v;
    EXPECT_EQ(joint[2], seen ? 1.0F : 0.0F) << v;
  }
  constexpr int kLeftForearm = 11;
  const std::vector<std::uint8_t> map = pose_map(motion, 0, place, kOneHot);
  const float* wrist = joints.data() + kLeftWrist * 3;
  EXPECT_GT(at(map, kLeftForearm, static_cast<int>(std::lround(wrist[0])), static_cast<int>(std::lround(wrist[1]))), 0);
}

TEST(PoseMap, AnotherVersionIsRefused) {
  EXPECT_NO_THROW(require_pose_map_version(kPoseMapVersion, "here"));
  EXPECT_EQ(test::exit_code_of([] { require_pose_map_version(kPoseMapVersion + 1, "here"); }), 5);
  EXPECT_EQ(test::exit_code_of([] { pose_map_kind("rbg"); }), 2);
  EXPECT_EQ(pose_map_channels(pose_map_kind("onehot")), 18);
}

}  // namespace
}  // namespace stgmamba::skeleton
