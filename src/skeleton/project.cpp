// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/project.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <optional>
#include <vector>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/smooth.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kSideMargin = 0.02;  // share of the frame's width kept free on either side
constexpr double kPanSeconds = 3.0;   // how slowly the camera pans where it must; steps are quicker

using Ground = std::array<double, 2>;  // x, z in metres

const float* joint_at(const Motion3& motion, std::int64_t frame, int joint) {
  return &motion.xyz[static_cast<std::size_t>((frame * kJoints + joint) * 3)];
}

bool seen(const float* point) {
  return std::isfinite(point[0]) && std::isfinite(point[1]) && std::isfinite(point[2]);
}

/// Linear over NaN, held at the ends; false when every value is NaN.
bool fill(std::vector<double>& values) {
  const auto count = static_cast<std::ptrdiff_t>(values.size());
  std::ptrdiff_t before = -1;
  for (std::ptrdiff_t i = 0; i <= count; ++i) {
    if (i < count && std::isnan(values[static_cast<std::size_t>(i)])) {
      continue;
    }
    if (before < 0 && i == count) {
      return false;
    }
    for (std::ptrdiff_t gap = before + 1; gap < i; ++gap) {
      const double left = values[static_cast<std::size_t>(before < 0 ? i : before)];
      const double right = values[static_cast<std::size_t>(i == count ? before : i)];
      const double share = before < 0 ? 0.0 : static_cast<double>(gap - before) / static_cast<double>(i - before);
      values[static_cast<std::size_t>(gap)] = left + share * (right - left);
    }
    before = i;
  }
  return true;
}

/// From the dancer's right to the left, shoulders and hips together, on the ground; nothing when neither pair is seen.
std::optional<Ground> left_of(const Motion3& motion, std::int64_t frame) {
  Ground sum = {0, 0};
  for (const auto& [right, left] : {std::pair{kRightShoulder, kLeftShoulder}, std::pair{kRightHip, kLeftHip}}) {
    const float* r = joint_at(motion, frame, right);
    const float* l = joint_at(motion, frame, left);
    if (seen(r) && seen(l)) {
      sum[0] += static_cast<double>(l[0]) - r[0];
      sum[1] += static_cast<double>(l[2]) - r[2];
    }
  }
  return std::hypot(sum[0], sum[1]) > 1e-6 ? std::optional(sum) : std::nullopt;
}

/// Angle of the camera's right-hand side (the dancer's left) on the ground, per frame, radians from +x towards +z.
std::vector<double> camera_angles(const Motion3& motion, const ProjectOptions& options) {
  const auto frames = static_cast<std::size_t>(motion.frames());
  std::vector<double> angles(frames, kNan);
  Ground mean = {0, 0};
  double before = kNan;
  for (std::size_t i = 0; i < frames; ++i) {
    const auto left = left_of(motion, static_cast<std::int64_t>(i));
    if (!left) {
      continue;
    }
    double angle = std::atan2((*left)[1], (*left)[0]);
    mean[0] += std::cos(angle);
    mean[1] += std::sin(angle);
    if (!std::isnan(before)) {  // no jumps of a full turn: a spinning dancer's angle goes on counting
      angle += 2 * std::numbers::pi * std::round((before - angle) / (2 * std::numbers::pi));
    }
    angles[i] = before = angle;
  }
  if (!options.follow || !fill(angles)) {
    return std::vector<double>(frames, std::atan2(mean[1], mean[0]));
  }
  return util::gaussian_smooth(angles, options.heading_smoothing * motion.fps);
}

/// Where the dancer stands on the ground: the middle of the hips, or the neck where they are not seen.
std::array<std::vector<double>, 2> roots(const Motion3& motion) {
  const auto frames = static_cast<std::size_t>(motion.frames());
  std::array<std::vector<double>, 2> out = {std::vector<double>(frames, kNan), std::vector<double>(frames, kNan)};
  for (std::size_t i = 0; i < frames; ++i) {
    const float* right = joint_at(motion, static_cast<std::int64_t>(i), kRightHip);
    const float* left = joint_at(motion, static_cast<std::int64_t>(i), kLeftHip);
    const float* neck = joint_at(motion, static_cast<std::int64_t>(i), kNeck);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      if (seen(right) && seen(left)) {
        out[axis][i] = (static_cast<double>(right[axis * 2]) + left[axis * 2]) / 2;
      } else if (seen(neck)) {
        out[axis][i] = neck[axis * 2];
      }
    }
  }
  if (!fill(out[0]) || !fill(out[1])) {
    throw DataError("3-D motion must show the hips or the neck in at least one frame, got none in {}", frames);
  }
  return out;
}

/// Lowest ankle of the take's ground contacts: the 2nd percentile over frames, so that one bad frame moves nothing.
double ground_height(const Motion3& motion) {
  std::vector<double> lows;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    for (const int joint : {kRightAnkle, kLeftAnkle}) {
      const float* ankle = joint_at(motion, frame, joint);
      if (seen(ankle)) {
        lows.push_back(ankle[1]);
      }
    }
  }
  if (lows.empty()) {
    return 0.0;
  }
  const auto nth = lows.begin() + static_cast<std::ptrdiff_t>(lows.size() / 50);
  std::nth_element(lows.begin(), nth, lows.end());
  return *nth;
}

/// A joint's distance from the root along the camera's right, metres.
double across(const float* point, const std::array<std::vector<double>, 2>& root, std::size_t frame, double angle) {
  return (point[0] - root[0][frame]) * std::cos(angle) + (point[2] - root[1][frame]) * std::sin(angle);
}

/// The largest share of `places`, at most `share`, that keeps every joint within `half_width`
/// metres of the middle. Moves `places` so that the middle of their range is 0.
double fitting_share(std::vector<double>& places, const std::vector<double>& reach, double share, double half_width) {
  const auto [low, high] = std::minmax_element(places.begin(), places.end());
  const double middle = (*low + *high) / 2;
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] -= middle;
    if (std::abs(places[i]) > 1e-9) {
      share = std::min(share, std::max(0.0, half_width - reach[i]) / std::abs(places[i]));
    }
  }
  return share;
}

/// Sideways place of the root, metres from the middle. Steps are summed along the camera's right as it is at each step:
/// a camera that turns about a dancer who stands still shows no travel, wherever on the floor that is. Where the take
/// would leave the frame (dancers who circle keep stepping to one side) the camera pans after them slowly, and what
/// does not fit even then is shrunk.
std::vector<double> travel(const Motion3& motion, const std::array<std::vector<double>, 2>& root,
                           const std::vector<double>& angles, double share, double half_width) {
  std::vector<double> out(angles.size(), 0.0);
  std::vector<double> reach(angles.size(), 0.0);  // from the root to the farthest joint
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (int joint = 0; joint < kJoints; ++joint) {
      const float* point = joint_at(motion, static_cast<std::int64_t>(i), joint);
      reach[i] = seen(point) ? std::max(reach[i], std::abs(across(point, root, i, angles[i]))) : reach[i];
    }
    if (i > 0) {
      const double angle = (angles[i] + angles[i - 1]) / 2;
      out[i] = out[i - 1] + (root[0][i] - root[0][i - 1]) * std::cos(angle) +
               (root[1][i] - root[1][i - 1]) * std::sin(angle);
    }
  }
  double keep = fitting_share(out, reach, share, half_width);
  if (keep < share) {
    const std::vector<double> pan = util::gaussian_smooth(out, kPanSeconds * motion.fps);
    std::transform(out.begin(), out.end(), pan.begin(), out.begin(), std::minus<>());
    keep = fitting_share(out, reach, share, half_width);
  }
  for (double& place : out) {
    place *= keep;
  }
  return out;
}

}  // namespace

Motion project(const Motion3& motion, const ProjectOptions& options) {
  STG_CHECK(motion.fps > 0 && options.metres_per_frame > 0 && options.heading_smoothing >= 0 && options.travel >= 0 &&
                options.ground_margin >= 0 && options.ground_margin < 1,
            "[project] fps {} and metres_per_frame {} must be above 0, heading_smoothing {} and travel {} at least 0, "
            "ground_margin {} in [0, 1)",
            motion.fps, options.metres_per_frame, options.heading_smoothing, options.travel, options.ground_margin);
  Motion out(motion.frames(), motion.fps);
  if (motion.frames() == 0) {
    return out;
  }
  const double scale = kFrameHeight / options.metres_per_frame;  // pixels a metre
  const auto angles = camera_angles(motion, options);
  const auto root = roots(motion);
  const auto place = travel(motion, root, angles, options.travel, kFrameWidth * (0.5 - kSideMargin) / scale);
  const double ground = ground_height(motion);
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    const auto i = static_cast<std::size_t>(frame);
    for (int joint = 0; joint < kJoints; ++joint) {
      const float* point = joint_at(motion, frame, joint);
      if (!seen(point)) {
        continue;
      }
      // The dancer faces the camera, so the dancer's left is on the picture's right.
      const double x = kFrameWidth / 2 + scale * (place[i] + across(point, root, i, angles[i]));
      const double y = kFrameHeight * (1 - options.ground_margin) - scale * (point[1] - ground);
      out.x(frame, joint) = static_cast<float>(x);
      out.y(frame, joint) = static_cast<float>(y);
      out.score[i * kJoints + static_cast<std::size_t>(joint)] = 1.0F;
    }
  }
  return out;
}

}  // namespace stgmamba::skeleton
