// SPDX-License-Identifier: MIT
#include "place_pose.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Place in the source layout of each OpenPose-18 joint; -1 = the neck, which COCO-17 lacks.
const std::array<int, kJoints>& source_of(Layout from) {
  static constexpr std::array<int, kJoints> kSame = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
  // BODY_25 has the middle of the hips at 8; its feet (19 to 24) are dropped.
  static constexpr std::array<int, kJoints> kFromBody25 = {0,  1,  2,  3,  4,  5,  6,  7,  9,
                                                           10, 11, 12, 13, 14, 15, 16, 17, 18};
  static constexpr std::array<int, kJoints> kFromCoco17 = {0,  -1, 6,  8,  10, 5, 7, 9, 12,
                                                           14, 16, 11, 13, 15, 2, 1, 4, 3};
  switch (from) {
    case Layout::kOpenPose18:
      return kSame;
    case Layout::kBody25:
      return kFromBody25;
    case Layout::kCoco17:
      return kFromCoco17;
  }
  return kSame;
}

double source_width(const OpenPoseOptions& options) {
  return options.width > 0 ? options.width : kFrameWidth;
}

double source_height(const OpenPoseOptions& options) {
  return options.height > 0 ? options.height : kFrameHeight;
}

struct Letterbox {
  double scale, left, top;
};

Letterbox letterbox(const OpenPoseOptions& options) {
  const double scale = std::min(kFrameWidth / source_width(options), kFrameHeight / source_height(options));
  return {scale, (kFrameWidth - scale * source_width(options)) / 2,
          (kFrameHeight - scale * source_height(options)) / 2};
}

}  // namespace

std::vector<float> to_openpose18(const std::vector<float>& in, Layout from) {
  STG_CHECK(in.size() == static_cast<std::size_t>(joint_count(from)) * 3, "[to_openpose18] {} numbers for {} joints",
            in.size(), joint_count(from));
  const auto seen = [&](std::size_t joint) {
    return in[joint * 3 + 2] > 0.0F && std::isfinite(in[joint * 3]) && std::isfinite(in[joint * 3 + 1]);
  };
  std::vector<float> out(kJoints * 3, 0.0F);
  for (std::size_t joint = 0; joint < kJoints; ++joint) {
    float* to = &out[joint * 3];
    to[0] = to[1] = kNan;
    const int source = source_of(from)[joint];
    if (source >= 0 && seen(static_cast<std::size_t>(source))) {
      std::copy_n(&in[static_cast<std::size_t>(source) * 3], 3, to);
    }
  }
  if (from == Layout::kCoco17) {
    const float* right = &out[kRightShoulder * 3];
    const float* left = &out[kLeftShoulder * 3];
    if (right[2] > 0.0F && left[2] > 0.0F) {
      out[kNeck * 3] = (right[0] + left[0]) / 2;
      out[kNeck * 3 + 1] = (right[1] + left[1]) / 2;
      out[kNeck * 3 + 2] = std::min(right[2], left[2]);
    }
  }
  return out;
}

io::Json load_json(const std::filesystem::path& path) {
  try {
    return io::read_json(path);
  } catch (const io::Json::exception& error) {
    throw DataError("{}: not JSON: {:.200}", path.string(), std::string_view(error.what()));
  }
}

void check_options(const OpenPoseOptions& options) {
  const auto size_fits = [](double value) { return std::isfinite(value) && value >= 0; };
  if (!std::isfinite(options.fps) || options.fps <= 0) {
    throw UsageError("the frame rate of the poses must be above 0, got {}", options.fps);
  }
  if (!size_fits(options.width) || !size_fits(options.height) || (options.width > 0) != (options.height > 0)) {
    throw UsageError("the video's width and height must be given together, in pixels, got {} x {}", options.width,
                     options.height);
  }
}

void place_pose(Motion& motion, std::int64_t frame, const std::vector<float>& pose, const OpenPoseOptions& options) {
  const Letterbox box = letterbox(options);
  for (int joint = 0; joint < kJoints; ++joint) {
    const float* from = &pose[static_cast<std::size_t>(joint) * 3];
    if (!(from[2] > 0.0F) || static_cast<double>(from[2]) < options.min_score) {
      continue;
    }
    motion.x(frame, joint) = static_cast<float>(from[0] * box.scale + box.left);
    motion.y(frame, joint) = static_cast<float>(from[1] * box.scale + box.top);
    motion.score[static_cast<std::size_t>(frame * kJoints + joint)] = std::min(from[2], 1.0F);
  }
}

void check_extent(const std::string& where, const Motion& motion, const OpenPoseOptions& options) {
  const Letterbox box = letterbox(options);
  double near = 0;
  double far_x = 0;
  double far_y = 0;
  for (std::size_t i = 0; i < motion.score.size(); ++i) {
    if (motion.score[i] > 0.0F) {
      const double x = (motion.xy[2 * i] - box.left) / box.scale;
      const double y = (motion.xy[2 * i + 1] - box.top) / box.scale;
      near = std::max({near, std::abs(x), std::abs(y)});
      far_x = std::max({far_x, x, source_width(options) - x});
      far_y = std::max({far_y, y, source_height(options) - y});
    }
  }
  if (near > 0 && near <= 1.0 + 1e-3) {
    throw DataError("{}: coordinates must be pixels, but none is above 1; write them unscaled (--keypoint_scale 0)",
                    where);
  }
  if (far_x > 1.25 * source_width(options) || far_y > 1.25 * source_height(options)) {
    throw DataError(
        "{}: coordinates must lie in a video of {}x{}, but reach {:.0f} pixels across and {:.0f} down; "
        "give the video's own size (stg_data import openpose --width W --height H)",
        where, source_width(options), source_height(options), far_x, far_y);
  }
}

}  // namespace stgmamba::skeleton
