// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/pose_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr int kMidHip = kJoints;  // the mean of both hips

struct Limb {
  int from, to;
  std::array<std::uint8_t, 3> colour;  // red, green, blue
};

/// vid2vid's body edges and colours, without feet.
constexpr std::array<Limb, kPoseLimbs> kLimbs = {{{kRightEar, kRightEye, {153, 0, 153}},
                                                  {kRightEye, kNose, {153, 0, 102}},
                                                  {kNose, kLeftEye, {102, 0, 153}},
                                                  {kLeftEye, kLeftEar, {51, 0, 153}},
                                                  {kNose, kNeck, {153, 0, 51}},
                                                  {kNeck, kMidHip, {153, 0, 0}},
                                                  {kNeck, kRightShoulder, {153, 51, 0}},
                                                  {kRightShoulder, kRightElbow, {153, 102, 0}},
                                                  {kRightElbow, kRightWrist, {153, 153, 0}},
                                                  {kNeck, kLeftShoulder, {102, 153, 0}},
                                                  {kLeftShoulder, kLeftElbow, {51, 153, 0}},
                                                  {kLeftElbow, kLeftWrist, {0, 153, 0}},
                                                  {kMidHip, kRightHip, {0, 153, 51}},
                                                  {kRightHip, kRightKnee, {0, 153, 102}},
                                                  {kRightKnee, kRightAnkle, {0, 153, 153}},
                                                  {kMidHip, kLeftHip, {0, 102, 153}},
                                                  {kLeftHip, kLeftKnee, {0, 51, 153}},
                                                  {kLeftKnee, kLeftAnkle, {0, 0, 153}}}};

struct Spot {
  double x = 0, y = 0;
  bool seen = false;
};

Spot joint_spot(const Motion& motion, std::int64_t frame, int joint, const Placement& placement) {
  Spot spot;
  spot.x = (motion.x(frame, joint) - placement.left) * placement.scale_x;
  spot.y = (motion.y(frame, joint) - placement.top) * placement.scale_y;
  spot.seen = !motion.missing(frame, joint) && std::isfinite(spot.x) && std::isfinite(spot.y);
  return spot;
}

Spot spot_of(const Motion& motion, std::int64_t frame, int joint, const Placement& placement) {
  if (joint != kMidHip) {
    return joint_spot(motion, frame, joint, placement);
  }
  const Spot right = joint_spot(motion, frame, kRightHip, placement);
  const Spot left = joint_spot(motion, frame, kLeftHip, placement);
  return {(right.x + left.x) / 2, (right.y + left.y) / 2, right.seen && left.seen};
}

/// Squared distance of (x, y) from the line between a and b.
double squared_distance(double x, double y, const Spot& a, const Spot& b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double share = length > 0 ? std::clamp(((x - a.x) * dx + (y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
  const double ex = x - (a.x + share * dx), ey = y - (a.y + share * dy);
  return ex * ex + ey * ey;
}

/// Calls `paint(offset in a plane)` for every pixel of the limb.
template <typename Paint>
void for_limb(const Spot& a, const Spot& b, const PoseMapStyle& style, Paint&& paint) {
  const double half = std::max(1.0, std::round(3.0 * style.height / 720.0));
  const auto first = [half](double p, double q) {
    return static_cast<int>(std::clamp(std::ceil(std::min(p, q) - half), 0.0, 1e6));
  };
  const auto last = [half](double p, double q, int size) {
    return static_cast<int>(std::clamp(std::floor(std::max(p, q) + half), -1.0, size - 1.0));
  };
  for (int y = first(a.y, b.y); y <= last(a.y, b.y, style.height); ++y) {
    for (int x = first(a.x, b.x); x <= last(a.x, b.x, style.width); ++x) {
      if (squared_distance(x, y, a, b) <= half * half) {
        paint(static_cast<std::size_t>(y) * static_cast<std::size_t>(style.width) + static_cast<std::size_t>(x));
      }
    }
  }
}

}  // namespace

Placement resized(const Placement& placement, int from_width, int from_height, int width, int height) {
  // Pixel centres: new = (old + 1/2) ratio - 1/2.
  const double ratio_x = static_cast<double>(width) / from_width, ratio_y = static_cast<double>(height) / from_height;
  Placement out;
  out.scale_x = placement.scale_x * ratio_x;
  out.scale_y = placement.scale_y * ratio_y;
  out.left = placement.left - (ratio_x - 1) / 2 / out.scale_x;
  out.top = placement.top - (ratio_y - 1) / 2 / out.scale_y;
  return out;
}

PoseMapKind pose_map_kind(const std::string& name) {
  if (name != "rgb" && name != "onehot") {
    throw UsageError("a pose map must be rgb or onehot, got '{}'", name);
  }
  return name == "rgb" ? PoseMapKind::kRgb : PoseMapKind::kOneHot;
}

int pose_map_channels(PoseMapKind kind) {
  return kind == PoseMapKind::kRgb ? 3 : kPoseLimbs;
}

std::vector<std::uint8_t> pose_map(const Motion& motion, std::int64_t frame, const Placement& placement,
                                   const PoseMapStyle& style) {
  STG_CHECK(frame >= 0 && frame < motion.frames() && style.width > 0 && style.height > 0,
            "[pose_map] frame {} of {} at {}x{}", frame, motion.frames(), style.width, style.height);
  const std::size_t plane = static_cast<std::size_t>(style.width) * static_cast<std::size_t>(style.height);
  std::vector<std::uint8_t> map(plane * static_cast<std::size_t>(pose_map_channels(style.kind)), 0);  // [P, H, W]
  for (std::size_t i = 0; i < kLimbs.size(); ++i) {
    const Spot a = spot_of(motion, frame, kLimbs[i].from, placement);
    const Spot b = spot_of(motion, frame, kLimbs[i].to, placement);
    if (!a.seen || !b.seen || (style.hidden >> i & 1U) != 0) {
      continue;
    }
    for_limb(a, b, style, [&](std::size_t at) {
      if (style.kind == PoseMapKind::kOneHot) {
        map[i * plane + at] = 255;
        return;
      }
      for (std::size_t c = 0; c < 3; ++c) {
        map[c * plane + at] = kLimbs[i].colour[c];
      }
    });
  }
  return map;
}

std::vector<float> picture_joints(const Motion& motion, std::int64_t frame, const Placement& placement) {
  std::vector<float> joints(kJoints * 3, 0.0F);
  for (int joint = 0; joint < kJoints; ++joint) {
    const Spot spot = joint_spot(motion, frame, joint, placement);
    if (spot.seen) {
      const std::array<double, 3> values = {spot.x, spot.y, 1.0};
      std::copy(values.begin(), values.end(), joints.begin() + joint * 3);
    }
  }
  return joints;
}

media::Image pose_map_image(const Motion& motion, std::int64_t frame, const Placement& placement, PoseMapStyle style) {
  style.kind = PoseMapKind::kRgb;
  const std::vector<std::uint8_t> map = pose_map(motion, frame, placement, style);
  media::Image image(style.width, style.height);
  const std::size_t plane = map.size() / 3;
  for (std::size_t at = 0; at < plane; ++at) {
    for (std::size_t c = 0; c < 3; ++c) {
      image.pixels[at * 3 + c] = map[c * plane + at];
    }
  }
  return image;
}

void require_pose_map_version(int version, const std::string& where) {
  if (version != kPoseMapVersion) {
    throw CheckpointError(
        "{}: was trained on pose maps of version {}, this program draws version {}; use the program that trained it, "
        "or "
        "train again",
        where, version, kPoseMapVersion);
  }
}

}  // namespace stgmamba::skeleton
