// SPDX-License-Identifier: MIT
#include "stgmamba/infer/photo_pose.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "stgmamba/infer/skeleton_video.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::infer {
namespace fs = std::filesystem;
namespace {

using io::Json;
using skeleton::kJoints;

constexpr float kLeastScore = 0.05F;
constexpr std::array<const char*, 17> kCocoNames = {
    "nose",           "left_eye",   "right_eye",   "left_ear",   "right_ear",   "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip",      "left_knee",  "right_knee",  "left_ankle", "right_ankle"};
/// The COCO points among BlazePose's 33, in COCO's order.
constexpr std::array<std::size_t, 17> kCocoInBlaze = {0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28};

/// [18, 3] with score 0 where missing.
PhotoPose from_openpose18(const std::vector<float>& points) {
  PhotoPose pose;
  for (std::size_t v = 0; v < kJoints; ++v) {
    if (points[3 * v + 2] >= kLeastScore) {
      pose.at[v] = {points[3 * v], points[3 * v + 1]};
      pose.score[v] = std::min(points[3 * v + 2], 1.0F);
    }
  }
  return pose;
}

float finite(const std::string& where, const Json& value) {
  const double number = value.is_number() ? value.get<double>() : NAN;
  if (!(std::abs(number) < 1e6)) {
    throw DataError("{}: must be a finite number, got {:.60}", where, value.dump());
  }
  return static_cast<float>(number);
}

PhotoPose from_names(const std::string& where, const Json& frame) {
  std::vector<float> coco(kCocoNames.size() * 3, 0.0F);
  for (std::size_t joint = 0; joint < kCocoNames.size(); ++joint) {
    const auto point = frame.find(kCocoNames[joint]);
    if (point == frame.end() || point->is_null()) {
      continue;
    }
    const std::string place = fmt::format("{}.{}", where, kCocoNames[joint]);
    if (!point->is_object() || !point->contains("x") || !point->contains("y")) {
      throw DataError("{}: must be an object with x and y, got {:.60}", place, point->dump());
    }
    coco[joint * 3] = finite(place, point->at("x"));
    coco[joint * 3 + 1] = finite(place, point->at("y"));
    coco[joint * 3 + 2] = point->contains("score") ? finite(place, point->at("score")) : 1.0F;
  }
  return from_openpose18(skeleton::to_openpose18(coco, skeleton::Layout::kCoco17));
}

/// A list of points [x, y] or [x, y, score]; the layout follows from their number.
PhotoPose from_points(const std::string& where, const Json& list) {
  const std::size_t count = list.size();
  if (count != 17 && count != 18 && count != 25 && count != 33) {
    throw DataError("{}: must hold 17 (COCO), 18 (OpenPose), 25 (BODY_25) or 33 (BlazePose) points, got {}", where,
                    count);
  }
  std::vector<float> points(count * 3, 0.0F);
  for (std::size_t joint = 0; joint < count; ++joint) {
    const std::string place = fmt::format("{}: point {}", where, joint);
    const Json& point = list[joint];
    if (point.is_null()) {
      continue;
    }
    if (!point.is_array() || (point.size() != 2 && point.size() != 3)) {
      throw DataError("{}: must be [x, y] or [x, y, score], got {:.60}", place, point.dump());
    }
    points[joint * 3] = finite(place, point[0]);
    points[joint * 3 + 1] = finite(place, point[1]);
    const bool placed = points[joint * 3] != 0.0F || points[joint * 3 + 1] != 0.0F;
    const bool scored = point.size() == 3 && count != 33;  // BlazePose's third number is a depth
    points[joint * 3 + 2] = !placed ? 0.0F : scored ? finite(place, point[2]) : 1.0F;
  }
  if (count == 33) {
    std::vector<float> coco;
    for (const std::size_t from : kCocoInBlaze) {
      coco.insert(coco.end(), points.begin() + static_cast<std::ptrdiff_t>(3 * from),
                  points.begin() + static_cast<std::ptrdiff_t>(3 * from + 3));
    }
    return from_openpose18(skeleton::to_openpose18(coco, skeleton::Layout::kCoco17));
  }
  const auto layout = count == 17   ? skeleton::Layout::kCoco17
                      : count == 25 ? skeleton::Layout::kBody25
                                    : skeleton::Layout::kOpenPose18;
  return from_openpose18(skeleton::to_openpose18(points, layout));
}

/// Neck to hips, or whatever spans the seen joints: how large a person is.
double extent(const PhotoPose& pose) {
  double low = INFINITY, high = -INFINITY;
  for (int v = 0; v < kJoints; ++v) {
    if (pose.seen(v)) {
      low = std::min(low, pose[v].y);
      high = std::max(high, pose[v].y);
    }
  }
  return high - low;
}

PhotoPose from_people(const std::string& where, const Json& people) {
  PhotoPose best;
  double largest = -INFINITY;
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto found = people[i].find("pose_keypoints_2d");
    const std::string place = fmt::format("{}: people[{}].pose_keypoints_2d", where, i);
    if (found == people[i].end() || !found->is_array() || (found->size() != 75 && found->size() != 54)) {
      throw DataError("{}: must be a list of 54 or 75 numbers", place);
    }
    std::vector<float> numbers;
    for (const Json& value : *found) {
      numbers.push_back(finite(place, value));
    }
    const auto layout = numbers.size() == 75 ? skeleton::Layout::kBody25 : skeleton::Layout::kOpenPose18;
    const PhotoPose pose = from_openpose18(skeleton::to_openpose18(numbers, layout));
    if (extent(pose) > largest) {
      largest = extent(pose);
      best = pose;
    }
  }
  if (!(largest > 0.0)) {
    throw DataError("{}: must show a person, got {} people without joints", where, people.size());
  }
  return best;
}

const Json& pick(const std::string& where, const Json& frames, std::int64_t frame) {
  if (frame < 0 || frame >= std::ssize(frames)) {
    throw DataError("{}: has {} frames, numbered from 0; there is no frame {} (--image-frame)", where, frames.size(),
                    frame);
  }
  return frames[static_cast<std::size_t>(frame)];
}

PhotoPose from_document(const std::string& name, const Json& document, std::int64_t frame) {
  if (document.is_object() && document.contains("people") && document.at("people").is_array()) {
    return from_people(name, document.at("people"));
  }
  if (document.is_object() && document.contains("frames") && document.at("frames").is_array()) {
    return from_points(fmt::format("{}: frame {}", name, frame), pick(name, document.at("frames"), frame));
  }
  if (document.is_object()) {
    return from_names(name, document);
  }
  if (!document.is_array() || document.empty()) {
    throw DataError("{}: must be an OpenPose file, named COCO points or a list of 17, 18, 25 or 33 points", name);
  }
  const std::string where = fmt::format("{}: frame {}", name, frame);
  if (document[0].is_object()) {
    return from_names(where, pick(name, document, frame));
  }
  const bool frames = document[0].is_array() && !document[0].empty() && document[0][0].is_array();
  return frames ? from_points(where, pick(name, document, frame)) : from_points(name, document);
}

/// Our container lies in the 640x360 frame, laid over the picture with its aspect kept.
PhotoPose from_motion(const fs::path& path, std::int64_t frame, int width, int height) {
  const skeleton::Motion motion = skeleton::read_motion_npz(path);
  if (frame < 0 || frame >= motion.frames()) {
    throw DataError("{}: has {} frames, numbered from 0; there is no frame {} (--image-frame)", path.string(),
                    motion.frames(), frame);
  }
  const double scale = std::max(width / skeleton::kFrameWidth, height / skeleton::kFrameHeight);
  PhotoPose pose;
  for (int v = 0; v < kJoints; ++v) {
    if (!motion.missing(frame, v)) {
      pose[v] = {(motion.x(frame, v) - skeleton::kFrameWidth / 2) * scale + width / 2.0,
                 (motion.y(frame, v) - skeleton::kFrameHeight / 2) * scale + height / 2.0};
      pose.score[static_cast<std::size_t>(v)] = 1.0F;
    }
  }
  return pose;
}

/// Refuses joints of another picture: the photo's size and the pose's must belong together.
void require_inside(const std::string& name, const PhotoPose& pose, int width, int height) {
  constexpr double kBeside = 0.25;  // of the picture; feet below the edge are guessed by some networks
  int seen = 0;
  for (int v = 0; v < kJoints; ++v) {
    if (!pose.seen(v)) {
      continue;
    }
    ++seen;
    if (pose[v].x < -kBeside * width || pose[v].x > (1 + kBeside) * width || pose[v].y < -kBeside * height ||
        pose[v].y > (1 + kBeside) * height) {
      throw DataError("{}: joints must lie in the picture of {}x{}, but the {} is at ({:.0f}, {:.0f})", name, width,
                      height, skeleton::joint_name(v), pose[v].x, pose[v].y);
    }
  }
  if (seen == 0) {
    throw DataError("{}: must show a person, got no joint", name);
  }
}

}  // namespace

PhotoPose read_photo_pose(const fs::path& path, std::int64_t frame, int width, int height) {
  if (!fs::is_regular_file(path)) {
    throw DataError("{}: no such pose file", path.string());
  }
  PhotoPose pose;
  if (path.extension() == ".npz") {
    pose = from_motion(path, frame, width, height);
  } else {
    try {
      pose = from_document(path.string(), io::read_json(path), frame);
    } catch (const Json::exception& error) {
      throw DataError("{}: not a pose: {:.200}", path.string(), std::string_view(error.what()));
    }
  }
  require_inside(path.string(), pose, width, height);
  return pose;
}

}  // namespace stgmamba::infer
