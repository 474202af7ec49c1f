// SPDX-License-Identifier: MIT
// Pose maps: what a skeleton-to-video network sees of a pose (skeleton-to-video A6). This one routine draws them for
// training, inference and preview. A network has learnt one way of drawing, so `kPoseMapVersion` is stored beside its
// weights and another one is refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::skeleton {

inline constexpr int kPoseMapVersion = 1;  // raise it when any pixel of any map changes
inline constexpr int kPoseLimbs = 18;      // head 4, trunk 2, arms 6, legs 6

/// Where a picture lies in the pose's pixels: picture pixel = (pose pixel - (left, top)) * (scale_x, scale_y). Whole
/// numbers are the centres of pixels.
struct Placement {
  double scale_x = 1.0, scale_y = 1.0;
  double left = 0.0, top = 0.0;
};

/// The same view after a picture of from_width x from_height was resized to width x height.
Placement resized(const Placement& placement, int from_width, int from_height, int width, int height);

enum class PoseMapKind {
  kRgb,    // 3 channels: vid2vid's colours on black, later limbs over earlier ones
  kOneHot  // 18 channels: a limb each
};
PoseMapKind pose_map_kind(const std::string& name);  // "rgb" | "onehot"; throws UsageError
int pose_map_channels(PoseMapKind kind);             // P

struct PoseMapStyle {
  PoseMapKind kind = PoseMapKind::kRgb;
  int width = 256, height = 256;  // of the map, pixels
  std::uint32_t hidden = 0;       // bit i: limb i is left out (random drop in training)
};

/// The map of one frame, [P, H, W], 0..255. A limb is every pixel whose centre lies within max(1, 3 H / 720 rounded) of
/// the line between its joints: no anti-aliasing. Limbs with a missing joint are left out; the middle of the hips needs
/// both.
std::vector<std::uint8_t> pose_map(const Motion& motion, std::int64_t frame, const Placement& placement,
                                   const PoseMapStyle& style);

/// The joints of the same frame in the picture's pixels: [V, 3], x, y and 1; 0, 0, 0 where the joint is missing.
std::vector<float> picture_joints(const Motion& motion, std::int64_t frame, const Placement& placement);

/// The map as a picture to look at: kRgb as it is, whatever style.kind.
media::Image pose_map_image(const Motion& motion, std::int64_t frame, const Placement& placement, PoseMapStyle style);

/// Throws CheckpointError, beginning with `where`, when weights were trained on maps of another version.
void require_pose_map_version(int version, const std::string& where);

}  // namespace stgmamba::skeleton
