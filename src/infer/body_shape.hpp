// SPDX-License-Identifier: MIT
// The body in the photo: joints, lengths of its bones, thickness of its parts.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "stgmamba/infer/photo_pose.hpp"

namespace stgmamba::infer {

/// Arms and legs, as the person's own left and right.
enum Limb : int { kRightArm, kLeftArm, kRightLeg, kLeftLeg, kLimbs };
/// The three joints of a limb, body outwards.
const std::array<int, 3>& limb_joints(Limb limb);
Limb other_side(Limb limb);
inline bool is_arm(Limb limb) {
  return limb == kRightArm || limb == kLeftArm;
}

/// Where a limb's picture comes from.
enum class LimbSource { kOwn, kOtherSide, kNone };

struct BodyShape {
  std::array<cv::Point2d, skeleton::kJoints> at;  // px; joints that are not seen are estimated where they can be
  std::array<bool, skeleton::kJoints> seen{};
  double metre = 0.0;                       // px a metre would have here, from the bones that are not shortened
  std::array<LimbSource, kLimbs> source{};  // whose pixels draw the limb
  std::array<std::array<double, 2>, kLimbs> length{};  // px, upper and lower bone as drawn when seen in full
  double torso = 0.0, shoulders = 0.0, hips = 0.0;     // px: neck to middle of the hips, whole widths
  bool side_on = false;                                // shoulders nearly in line with the camera
  bool swapped = false;                                // right joints stood on the picture's right (seen from behind)
  double floor = 0.0;                                  // y the lower ankle stands at; NaN without ankles
  std::vector<std::string> notes;                      // what was estimated, for the log
  std::vector<std::string> limb_notes;                 // whose pixels draw a limb, where that is not the person's own

  cv::Point2d hip_middle() const;
  cv::Point2d head_centre() const;
};

/// Measures the pose. Throws DataError when the shoulders or both hips are missing, or the person is too small.
BodyShape measure_body(const PhotoPose& pose, const std::string& name);

/// A bone of a part, with the radius of flesh and cloth around it.
struct Bone {
  cv::Point2d from, to;
  double radius = 0.0;  // px
  int part = 0;         // Limb, or kTorsoPart, or kHeadPart
};
inline constexpr int kTorsoPart = kLimbs, kHeadPart = kLimbs + 1, kParts = kLimbs + 2;

/// Bones of everything that is seen, hands and feet included.
std::vector<Bone> bones_of(const BodyShape& body);
/// Shoulders and hips, clockwise from the right shoulder, `margin` px wider on each side.
std::vector<cv::Point2d> torso_outline(const BodyShape& body, double margin);

double distance_to_segment(cv::Point2d p, cv::Point2d a, cv::Point2d b);

// Sizes in metres of a person of 1.7 m.
inline constexpr double kUpperArmLength = 0.28, kForearmLength = 0.25, kThighLength = 0.42, kShankLength = 0.41;
inline constexpr double kTorsoLength = 0.50, kShoulderWidth = 0.34, kHipWidth = 0.20;
inline constexpr double kHandLength = 0.19, kFootDrop = 0.09;

}  // namespace stgmamba::infer
