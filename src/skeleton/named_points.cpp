// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

#include "place_pose.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr std::array<std::string_view, 17> kCocoNames = {
    "nose",           "left_eye",   "right_eye",   "left_ear",   "right_ear",   "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip",      "left_knee",  "right_knee",  "left_ankle", "right_ankle"};

float number(const std::string& where, const io::Json& point, const char* key) {
  const auto found = point.find(key);
  const double value =
      found != point.end() && found->is_number() ? found->get<double>() : std::numeric_limits<double>::infinity();
  if (!(std::abs(value) < 1e6)) {
    throw DataError("{}: must hold a finite number '{}', got {:.60}", where, key, point.dump());
  }
  return static_cast<float>(value);
}

/// One frame {"nose": {"x", "y", "score"?}, ...} as [17, 3]; names that are not there are missing.
std::vector<float> read_frame(const std::string& where, const io::Json& frame) {
  if (!frame.is_object()) {
    throw DataError("{}: must be an object of named points, got {}", where, frame.type_name());
  }
  std::vector<float> coco(kCocoNames.size() * 3, 0.0F);
  for (std::size_t joint = 0; joint < kCocoNames.size(); ++joint) {
    const auto point = frame.find(std::string(kCocoNames[joint]));
    if (point == frame.end() || point->is_null()) {
      continue;
    }
    const std::string place = fmt::format("{}.{}", where, kCocoNames[joint]);
    if (!point->is_object()) {
      throw DataError("{}: must be an object with x and y, got {:.60}", place, point->dump());
    }
    coco[joint * 3] = number(place, *point, "x");
    coco[joint * 3 + 1] = number(place, *point, "y");
    coco[joint * 3 + 2] = point->contains("score") ? number(place, *point, "score") : 1.0F;
  }
  return coco;
}

}  // namespace

Motion read_named_points(const std::filesystem::path& path, const OpenPoseOptions& options) {
  check_options(options);
  const io::Json document = load_json(path);
  if (!document.is_array() || document.empty()) {
    throw DataError("{}: must be a list with one object of named points a frame, got {}", path.string(),
                    document.is_array() ? "an empty list" : document.type_name());
  }
  Motion motion(static_cast<std::int64_t>(document.size()), options.fps);
  for (std::size_t frame = 0; frame < document.size(); ++frame) {
    const auto coco = read_frame(fmt::format("{}: frame {}", path.string(), frame), document[frame]);
    place_pose(motion, static_cast<std::int64_t>(frame), to_openpose18(coco, Layout::kCoco17), options);
  }
  if (missing_share(motion) == 1.0) {
    throw DataError("{}: must name COCO points such as left_shoulder, got none in {} frames", path.string(),
                    document.size());
  }
  check_extent(path.string(), motion, options);
  return motion;
}

}  // namespace stgmamba::skeleton
