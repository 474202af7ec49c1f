// SPDX-License-Identifier: MIT
#include "figures.hpp"

#include <array>
#include <vector>

#include "stgmamba/util/check.hpp"

namespace stgmamba::synth {

namespace {

using Arm = std::array<double, 4>;  // raise, forward, elbow, swivel; degrees

// Ballet's positions of the arms.
constexpr Arm kBrasBas = {22, 45, 45, 90}, kFirst = {58, 55, 65, 90}, kSecond = {84, 12, 18, 90};
constexpr Arm kFifth = {152, 25, 48, 0}, kReachFront = {100, 70, 6, 0}, kReachBack = {72, -20, 6, 0};
constexpr Arm kAllonge = {112, 5, 6, 0};
// Popping: right angles and locked lines.
constexpr Arm kRobotUp = {86, 0, 90, 0}, kRobotDown = {86, 0, 90, 180}, kRobotFront = {22, 15, 90, 90};
constexpr Arm kWaveHigh = {118, 0, 25, 0}, kWaveLow = {58, 0, 30, 180}, kChestLock = {62, 40, 118, 90};
constexpr Arm kOut = {92, 0, 4, 0}, kHang = {14, 5, 20, 90}, kFlex = {45, 15, 95, 20}, kDown45 = {42, 0, 6, 0};
// K-pop.
constexpr Arm kHips = {36, -12, 84, 180}, kPointUp = {164, 8, 6, 0}, kPointOut = {128, 5, 6, 0};
constexpr Arm kPunch = {82, 72, 12, 0}, kGoal = {92, 8, 85, 0}, kBehindHead = {122, 10, 118, 0};
constexpr Arm kSwing = {42, 65, 60, 0}, kLow = {20, 12, 28, 90}, kSide = {72, 0, 12, 0}, kHeart = {140, 10, 75, 0};
constexpr Arm kChest = {48, 45, 112, 70};

/// One authored key: what differs from standing with the feet apart.
struct Key {
  Arm left, right;
  double x = 0, drop = 0, yaw = 0, roll = 0, pitch = 0, twist = 0, shrug = 0, head_yaw = 0, head_roll = 0;
  Vec3 left_foot = {0, 0, 0}, right_foot = {0, 0, 0};
};

using Family = std::vector<Key>;  // one bar

const std::array<Family, kSectionKinds>& ballet_families() {
  static const std::array<Family, kSectionKinds> kTable = {{
      {{.left = kBrasBas, .right = kBrasBas, .drop = 0.05, .pitch = 4, .head_roll = 5},
       {.left = kFirst, .right = kFirst, .drop = 0.01, .head_yaw = 12},
       {.left = kSecond, .right = kFirst, .x = 0.05, .roll = 4, .head_yaw = 25, .left_foot = {0.10, 0, 0.05}}},
      {{.left = kSecond,
        .right = kFirst,
        .x = 0.16,
        .drop = 0.10,
        .roll = 6,
        .shrug = 3,
        .head_yaw = 25,
        .left_foot = {0.18, 0, 0}},
       {.left = kSecond,
        .right = kFifth,
        .x = 0.12,
        .roll = -3,
        .head_yaw = -15,
        .left_foot = {0.16, 0.06, 0},
        .right_foot = {0.16, 0.06, -0.08}},
       {.left = kFirst,
        .right = kSecond,
        .x = -0.06,
        .drop = 0.05,
        .roll = -5,
        .head_yaw = -25,
        .right_foot = {-0.10, 0, 0}}},
      {{.left = kFifth,
        .right = kSecond,
        .x = 0.10,
        .roll = 8,
        .pitch = 5,
        .head_yaw = 18,
        .left_foot = {0.02, 0.05, 0},
        .right_foot = {-0.66, 0.42, -0.10}},
       {.left = kFifth,
        .right = kFifth,
        .x = 0.0,
        .head_yaw = 0,
        .left_foot = {0, 0.07, 0},
        .right_foot = {0, 0.07, 0}},
       {.left = kSecond,
        .right = kSecond,
        .x = -0.04,
        .drop = 0.16,
        .pitch = 3,
        .head_roll = -6,
        .left_foot = {0.12, 0, 0},
        .right_foot = {-0.12, 0, 0}}},
  }};
  return kTable;
}

const std::array<Family, kSectionKinds>& popping_families() {
  static const std::array<Family, kSectionKinds> kTable = {{
      {{.left = kRobotFront, .right = kHang, .x = 0.04, .drop = 0.03, .roll = 3, .head_yaw = 25},
       {.left = kRobotUp, .right = kHang, .x = 0.05, .drop = 0.05, .shrug = -8, .head_yaw = 25},
       {.left = kHang, .right = kRobotFront, .x = -0.04, .drop = 0.03, .roll = -3, .head_yaw = -25},
       {.left = kHang, .right = kRobotUp, .x = -0.05, .drop = 0.05, .shrug = 8, .head_yaw = -25}},
      {{.left = kRobotUp,
        .right = kRobotDown,
        .x = 0.08,
        .drop = 0.08,
        .roll = 6,
        .twist = 10,
        .shrug = -9,
        .head_yaw = 20},
       {.left = kRobotDown,
        .right = kRobotUp,
        .x = -0.08,
        .drop = 0.08,
        .roll = -6,
        .twist = -10,
        .shrug = 9,
        .head_yaw = -20},
       {.left = kOut,
        .right = kChestLock,
        .x = 0.14,
        .drop = 0.05,
        .roll = 9,
        .head_yaw = 35,
        .left_foot = {0.12, 0, 0}},
       {.left = kChestLock,
        .right = kOut,
        .x = -0.10,
        .drop = 0.12,
        .roll = -9,
        .head_yaw = -35,
        .left_foot = {0.12, 0, 0}}},
      {{.left = kWaveHigh,
        .right = kWaveLow,
        .x = 0.12,
        .drop = 0.14,
        .roll = 12,
        .shrug = -12,
        .head_roll = 10,
        .left_foot = {0.10, 0, 0},
        .right_foot = {-0.06, 0, 0}},
       {.left = kWaveLow,
        .right = kWaveHigh,
        .x = -0.12,
        .drop = 0.14,
        .roll = -12,
        .shrug = 12,
        .head_roll = -10,
        .left_foot = {0.06, 0, 0},
        .right_foot = {-0.10, 0, 0}},
       {.left = kChestLock, .right = kChestLock, .x = 0.06, .drop = 0.06, .pitch = 12, .head_yaw = 0},
       {.left = kOut,
        .right = kOut,
        .x = -0.04,
        .drop = 0.22,
        .pitch = -4,
        .left_foot = {0.14, 0, 0},
        .right_foot = {-0.14, 0, 0}}},
  }};
  return kTable;
}

const std::array<Family, kSectionKinds>& kpop_families() {
  static const std::array<Family, kSectionKinds> kTable = {{
      {{.left = kLow,
        .right = kSwing,
        .x = 0.09,
        .drop = 0.03,
        .roll = -4,
        .shrug = 4,
        .head_yaw = 10,
        .right_foot = {0.04, 0.04, 0}},
       {.left = kHips, .right = kLow, .x = 0.03, .drop = 0.06, .roll = 2, .head_yaw = 5},
       {.left = kSwing,
        .right = kLow,
        .x = -0.09,
        .drop = 0.03,
        .roll = 4,
        .shrug = -4,
        .head_yaw = -10,
        .left_foot = {-0.04, 0.04, 0}},
       {.left = kLow, .right = kHips, .x = -0.03, .drop = 0.06, .roll = -2, .head_yaw = -5}},
      {{.left = kSide,
        .right = kChest,
        .x = 0.20,
        .drop = 0.06,
        .roll = 6,
        .twist = -10,
        .head_yaw = 20,
        .left_foot = {0.24, 0, 0}},
       {.left = kHips,
        .right = kHips,
        .x = 0.24,
        .drop = 0.03,
        .roll = -4,
        .twist = 8,
        .left_foot = {0.24, 0, 0},
        .right_foot = {0.24, 0, 0.08}},
       {.left = kChest,
        .right = kSide,
        .x = -0.02,
        .drop = 0.06,
        .roll = -6,
        .twist = 10,
        .head_yaw = -20,
        .left_foot = {0.22, 0, 0},
        .right_foot = {-0.05, 0, 0}},
       {.left = kPunch,
        .right = kHips,
        .x = 0.0,
        .drop = 0.10,
        .pitch = 6,
        .twist = -12,
        .left_foot = {0.02, 0, 0.05},
        .right_foot = {-0.02, 0, 0}}},
      {{.left = kPointUp,
        .right = kHips,
        .x = 0.13,
        .drop = 0.05,
        .roll = -7,
        .shrug = -8,
        .head_yaw = 20,
        .left_foot = {0.08, 0, 0},
        .right_foot = {-0.05, 0.05, 0}},
       {.left = kGoal,
        .right = kGoal,
        .x = 0.02,
        .drop = 0.17,
        .pitch = 5,
        .left_foot = {0.10, 0, 0},
        .right_foot = {-0.10, 0, 0}},
       {.left = kHips,
        .right = kPointUp,
        .x = -0.13,
        .drop = 0.05,
        .roll = 7,
        .shrug = 8,
        .head_yaw = -20,
        .left_foot = {0.05, 0.05, 0},
        .right_foot = {-0.08, 0, 0}},
       {.left = kPointOut,
        .right = kPointOut,
        .x = 0.0,
        .drop = 0.12,
        .pitch = -3,
        .left_foot = {0.16, 0, 0},
        .right_foot = {-0.16, 0, 0}}},
  }};
  return kTable;
}

const std::array<Family, kSectionKinds>& families(Style style) {
  return style == Style::kBallet ? ballet_families() : style == Style::kPopping ? popping_families() : kpop_families();
}

/// Arms that figures may have of their own, by family: calm ones low, chorus ones large.
const std::vector<Arm>& own_arms(Style style, SectionKind family) {
  static const std::array<std::array<std::vector<Arm>, kSectionKinds>, 3> kTable = {{
      {{{kBrasBas, kFirst, kSecond, kReachFront},
        {kFirst, kSecond, kFifth, kReachFront, kReachBack},
        {kFifth, kSecond, kAllonge, kReachFront, kReachBack, kFirst}}},
      {{{kHang, kRobotFront, kFlex, kRobotDown, kDown45},
        {kRobotUp, kRobotDown, kChestLock, kFlex, kOut, kDown45},
        {kWaveHigh, kWaveLow, kOut, kRobotUp, kChestLock, kDown45, kRobotDown}}},
      {{{kLow, kHips, kSwing, kSide, kChest},
        {kSide, kChest, kHips, kPunch, kGoal, kPointOut, kBehindHead},
        {kPointUp, kPointOut, kGoal, kPunch, kHeart, kBehindHead, kHips, kSide}}},
  }};
  return kTable[static_cast<std::size_t>(style)][static_cast<std::size_t>(family)];
}

void set_arm(Pose& pose, int first, const Arm& arm) {
  std::copy(arm.begin(), arm.end(), pose.begin() + first);
}

Pose standing(Style style) {
  const double half = style == Style::kBallet ? 0.08 : style == Style::kPopping ? 0.19 : 0.15;
  Pose pose{};
  pose[kLeftFoot] = half;
  pose[kRightFoot] = -half;
  pose[kDrop] = 0.012;
  return pose;
}

Pose to_pose(Style style, const Key& key) {
  Pose pose = standing(style);
  pose[kRootX] = key.x;
  pose[kDrop] += key.drop;
  pose[kYaw] = key.yaw;
  pose[kRoll] = key.roll;
  pose[kPitch] = key.pitch;
  pose[kTwist] = key.twist;
  pose[kShrug] = key.shrug;
  pose[kHeadYaw] = key.head_yaw;
  pose[kHeadRoll] = key.head_roll;
  set_arm(pose, kLeftArm, key.left);
  set_arm(pose, kRightArm, key.right);
  for (std::size_t i = 0; i < 3; ++i) {
    pose[kLeftFoot + i] += key.left_foot[i];
    pose[kRightFoot + i] += key.right_foot[i];
  }
  return pose;
}

}  // namespace

const Manner& manner_of(Style style) {
  static const std::array<Manner, 3> kTable = {{
      {.eased = 0.8, .lift = 0.05, .free_arms = 0.15, .free_body = 0.6, .turnout = 35},
      {.hold_before = 0.09,
       .hold_after = 0.07,
       .drift = 0.25,
       .lift = 0.06,
       .free_arms = 0.1,
       .free_body = 0.6,
       .turnout = 25,
       .sway = 0.2},
      {.hold_before = 0.04,
       .hold_after = 0.04,
       .drift = 0.1,
       .bounce = 0.02,
       .lift = 0.10,
       .free_arms = 0.15,
       .free_body = 0.6,
       .turnout = 20},
  }};
  return kTable[static_cast<std::size_t>(style)];
}

Pose rest_pose(Style style) {
  Pose pose = standing(style);
  const Arm arm = style == Style::kBallet    ? Arm{38, 35, 40, 90}
                  : style == Style::kPopping ? Arm{35, 10, 55, 90}
                                             : Arm{38, 15, 55, 90};
  set_arm(pose, kLeftArm, arm);
  set_arm(pose, kRightArm, arm);
  return pose;
}

Pose key_pose(Style style, const FigureBeat& beat, double diversity) {
  STG_CHECK(beat.figure >= 0 && beat.figure < kFigures, "[key_pose] figure must be 0 to {}, got {}", kFigures - 1,
            beat.figure);
  const Family& family = families(style)[static_cast<std::size_t>(beat.family)];
  Pose pose = to_pose(style, family[static_cast<std::size_t>(beat.in_bar) % family.size()]);
  const Manner& manner = manner_of(style);
  // A figure is a fixed part of the repertoire: its changes depend on nothing but its number and the beat.
  util::Random random(static_cast<std::uint64_t>(beat.figure), "synth/figure",
                      static_cast<std::uint64_t>(style) * 16 + static_cast<std::uint64_t>(beat.family),
                      static_cast<std::uint64_t>(beat.in_bar) * 2 + (beat.odd_bar ? 1 : 0));
  const std::vector<Arm>& arms = own_arms(style, beat.family);
  for (const int first : {kLeftArm, kRightArm}) {
    const bool own = random.chance(manner.free_arms);
    const Arm arm = arms[static_cast<std::size_t>(random.integer(std::ssize(arms)))];
    for (std::size_t i = 0; own && i < 4; ++i) {
      double& value = pose[static_cast<std::size_t>(first) + i];
      value += diversity * (arm[i] - value);
    }
  }
  const auto change = [&](int channel, double size) {
    pose[static_cast<std::size_t>(channel)] += diversity * manner.free_body * size * random.normal();
  };
  change(kRootX, 0.04);
  change(kRoll, 3.0);
  change(kPitch, 2.5);
  change(kTwist, 6.0);
  change(kShrug, 3.0);
  change(kHeadYaw, 12.0);
  change(kHeadPitch, 5.0);
  change(kYaw, 8.0);
  change(kDrop, 0.02);
  return pose;
}

}  // namespace stgmamba::synth
