// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::synth {
namespace {

constexpr double kMargin = 0.25;   // m around all joints: hair, hands and shoes
constexpr double kBehind = 0.055;  // of the picture's height, from the floor's far edge to the lowest ankle

}  // namespace

PuppetClip film_puppet(const skeleton::Motion& motion, std::uint64_t seed, int identity, int size) {
  STG_CHECK(motion.frames() > 0 && size > 0 && skeleton::missing_share(motion) == 0.0,
            "[film_puppet] {} frames at {} px, or joints missing", motion.frames(), size);
  double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
  for (std::size_t i = 0; i < motion.xy.size(); i += 2) {
    left = std::min<double>(left, motion.xy[i]);
    right = std::max<double>(right, motion.xy[i]);
    top = std::min<double>(top, motion.xy[i + 1]);
    bottom = std::max<double>(bottom, motion.xy[i + 1]);
  }
  const double metre = puppet_metre(motion);
  const double side = std::max(right - left, bottom - top) + 2 * kMargin * metre;
  PuppetClip clip;
  clip.scale = size / side;
  clip.left = (left + right - side) / 2;
  clip.top = (top + bottom - side) / 2;
  const PuppetLook look = puppet_look(seed, identity);
  const double horizon = (bottom - clip.top) / side - kBehind;
  const media::Image scene = backdrop(seed, look.backdrop, size, size, horizon);
  const std::vector<skeleton::NearSide> near = skeleton::near_sides(motion);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    std::array<media::Point, skeleton::kJoints> joints;
    for (int v = 0; v < skeleton::kJoints; ++v) {
      joints[static_cast<std::size_t>(v)] = {(motion.x(f, v) - clip.left) * clip.scale,
                                             (motion.y(f, v) - clip.top) * clip.scale};
    }
    clip.frames.push_back(scene);
    draw_puppet(clip.frames.back(), joints, metre * clip.scale, near[static_cast<std::size_t>(f)], look);
  }
  return clip;
}

}  // namespace stgmamba::synth
