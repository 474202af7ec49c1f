// SPDX-License-Identifier: MIT
// Joint layouts: names, order, left/right pairs, and mappings onto OpenPose-18.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stgmamba::skeleton {

inline constexpr int kJoints = 18;            // OpenPose-18, the layout of the whole library
inline constexpr double kFrameWidth = 640.0;  // reference frame, pixels
inline constexpr double kFrameHeight = 360.0;
inline constexpr double kUnit = 180.0;  // h: isotropic unit of the metrics, half the frame's height in pixels

/// Indices of OpenPose-18.
enum Joint : int {
  kNose,
  kNeck,
  kRightShoulder,
  kRightElbow,
  kRightWrist,
  kLeftShoulder,
  kLeftElbow,
  kLeftWrist,
  kRightHip,
  kRightKnee,
  kRightAnkle,
  kLeftHip,
  kLeftKnee,
  kLeftAnkle,
  kRightEye,
  kLeftEye,
  kRightEar,
  kLeftEar
};

enum class Layout { kOpenPose18, kBody25, kCoco17 };

int joint_count(Layout layout);
std::string_view joint_name(int openpose18_joint);
Layout layout_from_name(std::string_view name);  // "openpose18|body25|coco17"; throws UsageError with the nearest name

/// The joint that takes each joint's place in a mirror image.
const std::array<int, kJoints>& mirror_pairs();
/// The 17 limbs in drawing order with hips on the neck (MDVS dataset/output_helper.py, facts in A8).
const std::array<std::pair<int, int>, 17>& drawing_limbs();
/// The 17 edges of the ST-GCN graph with hips on the shoulders (A9). Not the drawing's list.
const std::array<std::pair<int, int>, 17>& graph_edges();
/// Neck first, then depth first: 1 0 14 16 15 17 2 3 4 5 6 7 8 9 10 11 12 13.
const std::array<int, kJoints>& kinematic_order();

}  // namespace stgmamba::skeleton
