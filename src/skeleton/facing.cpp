// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/facing.hpp"

#include <algorithm>
#include <cmath>

namespace stgmamba::skeleton {
namespace {

constexpr double kTurned = 0.55, kFrontal = 0.70;  // of the usual width of the shoulders
constexpr double kAside = 0.08;                    // of it: how far off the middle a nose tells the side

bool shoulders_seen(const Motion& motion, std::int64_t frame) {
  return !motion.missing(frame, kRightShoulder) && !motion.missing(frame, kLeftShoulder);
}

double width(const Motion& motion, std::int64_t frame) {
  return std::hypot(motion.x(frame, kLeftShoulder) - motion.x(frame, kRightShoulder),
                    motion.y(frame, kLeftShoulder) - motion.y(frame, kRightShoulder));
}

double usual_width(const Motion& motion) {
  std::vector<double> widths;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    if (shoulders_seen(motion, frame)) {
      widths.push_back(width(motion, frame));
    }
  }
  if (widths.empty()) {
    return 0.0;
  }
  const auto at = widths.begin() + std::lround(0.9 * static_cast<double>(widths.size() - 1));
  std::nth_element(widths.begin(), at, widths.end());
  return *at;
}

}  // namespace

std::vector<NearSide> near_sides(const Motion& motion) {
  const double usual = usual_width(motion);
  std::vector<NearSide> sides(static_cast<std::size_t>(motion.frames()), NearSide::kBoth);
  NearSide last = NearSide::kBoth;
  for (std::int64_t frame = 0; frame < motion.frames() && usual > 0.0; ++frame) {
    if (shoulders_seen(motion, frame)) {
      const double share = width(motion, frame) / usual;
      const double middle = (motion.x(frame, kLeftShoulder) + motion.x(frame, kRightShoulder)) / 2.0;
      const double nose = motion.missing(frame, kNose) ? 0.0 : (motion.x(frame, kNose) - middle) / usual;
      if (share > kFrontal) {
        last = NearSide::kBoth;
      } else if (std::abs(nose) > kAside && (share < kTurned || last != NearSide::kBoth)) {
        // Who looks towards the picture's left has turned the left side to the camera.
        last = nose < 0.0 ? NearSide::kLeft : NearSide::kRight;
      }
    }
    sides[static_cast<std::size_t>(frame)] = last;
  }
  return sides;
}

}  // namespace stgmamba::skeleton
