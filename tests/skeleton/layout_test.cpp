// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/layout.hpp"

#include <cmath>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "stgmamba/skeleton/formats.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

TEST(Layout, MirrorPairsSwapLeftAndRightNames) {
  for (int joint = 0; joint < kJoints; ++joint) {
    const int other = mirror_pairs()[static_cast<std::size_t>(joint)];
    EXPECT_EQ(mirror_pairs()[static_cast<std::size_t>(other)], joint);
    std::string name(joint_name(joint));
    if (name.starts_with("right ")) {
      name.replace(0, 5, "left");
    } else if (name.starts_with("left ")) {
      name.replace(0, 4, "right");
    }
    EXPECT_EQ(joint_name(other), name);
  }
}

TEST(Layout, TreesReachEveryJoint) {
  for (const auto& edges : {drawing_limbs(), graph_edges()}) {
    std::set<int> reached = {kNeck};
    for (int round = 0; round < kJoints; ++round) {
      for (const auto& [a, b] : edges) {
        if (reached.contains(a) || reached.contains(b)) {
          reached.insert({a, b});
        }
      }
    }
    EXPECT_EQ(reached.size(), static_cast<std::size_t>(kJoints));  // 17 edges on 18 joints: a tree
  }
  // Hips hang on the neck when drawn, on the shoulders in the graph.
  EXPECT_EQ(drawing_limbs()[6], std::make_pair(1, 8));
  EXPECT_EQ(graph_edges()[9], std::make_pair(8, 2));
}

TEST(Layout, KinematicOrderIsAPermutationWithTheNeckFirst) {
  const auto& order = kinematic_order();
  EXPECT_EQ(order.front(), kNeck);
  EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), static_cast<std::size_t>(kJoints));
}

TEST(Layout, NamesAndCounts) {
  EXPECT_EQ(joint_count(layout_from_name("openpose18")), 18);
  EXPECT_EQ(joint_count(layout_from_name("body25")), 25);
  EXPECT_EQ(joint_count(layout_from_name("coco17")), 17);
  const auto wrong = [] { layout_from_name("body_25"); };
  EXPECT_EQ(test::exit_code_of(wrong), 2);
  EXPECT_NE(test::error_of(wrong).find("did you mean 'body25'"), std::string::npos) << test::error_of(wrong);
}

/// Joint j of a layout at (10 j + 1, 10 j + 2) with score 0.5.
std::vector<float> numbered(Layout layout) {
  std::vector<float> pose;
  for (int joint = 0; joint < joint_count(layout); ++joint) {
    pose.insert(pose.end(), {10.0F * static_cast<float>(joint) + 1, 10.0F * static_cast<float>(joint) + 2, 0.5F});
  }
  return pose;
}

TEST(ToOpenPose18, Body25DropsTheMiddleHipAndTheFeet) {
  const auto out = to_openpose18(numbered(Layout::kBody25), Layout::kBody25);
  const int from[kJoints] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  for (std::size_t joint = 0; joint < kJoints; ++joint) {
    EXPECT_EQ(out[joint * 3], 10.0F * static_cast<float>(from[joint]) + 1) << joint_name(static_cast<int>(joint));
    EXPECT_EQ(out[joint * 3 + 1], 10.0F * static_cast<float>(from[joint]) + 2);
    EXPECT_EQ(out[joint * 3 + 2], 0.5F);
  }
}

TEST(ToOpenPose18, CocoGetsANeckOnlyFromBothShoulders) {
  auto in = numbered(Layout::kCoco17);
  in[6 * 3 + 2] = 0.25F;  // right shoulder
  auto out = to_openpose18(in, Layout::kCoco17);
  EXPECT_EQ(out[kNeck * 3], 56.0F);  // between 51 and 61
  EXPECT_EQ(out[kNeck * 3 + 1], 57.0F);
  EXPECT_EQ(out[kNeck * 3 + 2], 0.25F);
  EXPECT_EQ(out[kRightShoulder * 3], 61.0F);
  EXPECT_EQ(out[kLeftWrist * 3], 91.0F);
  EXPECT_EQ(out[kRightHip * 3], 121.0F);
  EXPECT_EQ(out[kLeftAnkle * 3], 151.0F);
  EXPECT_EQ(out[kRightEye * 3], 21.0F);
  EXPECT_EQ(out[kLeftEar * 3], 31.0F);
  in[5 * 3 + 2] = 0.0F;  // left shoulder not seen
  out = to_openpose18(in, Layout::kCoco17);
  for (const int joint : {kNeck, kLeftShoulder}) {
    EXPECT_TRUE(std::isnan(out[static_cast<std::size_t>(joint) * 3]));
    EXPECT_EQ(out[static_cast<std::size_t>(joint) * 3 + 2], 0.0F);
  }
  EXPECT_EQ(out[kRightShoulder * 3], 61.0F);
}

TEST(ToOpenPose18, NotANumberIsMissing) {
  auto in = numbered(Layout::kOpenPose18);
  in[kNose * 3 + 1] = std::nanf("");
  const auto out = to_openpose18(in, Layout::kOpenPose18);
  EXPECT_TRUE(std::isnan(out[0]));
  EXPECT_EQ(out[2], 0.0F);
  EXPECT_EQ(out[3], 11.0F);
  in.pop_back();
  EXPECT_EQ(test::exit_code_of([&] { to_openpose18(in, Layout::kOpenPose18); }), 1);
}

}  // namespace
}  // namespace stgmamba::skeleton
