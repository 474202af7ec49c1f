// SPDX-License-Identifier: MIT
// The joints of the person in a photo: read from a file, or found by a pose network that the user names.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::infer {

/// One person in the pixels of one picture, OpenPose-18. A joint of score 0 is missing and its place means nothing.
struct PhotoPose {
  std::array<media::Point, skeleton::kJoints> at{};
  std::array<float, skeleton::kJoints> score{};

  bool seen(int joint) const { return score[static_cast<std::size_t>(joint)] > 0.0F; }
  const media::Point& operator[](int joint) const { return at[static_cast<std::size_t>(joint)]; }
  media::Point& operator[](int joint) { return at[static_cast<std::size_t>(joint)]; }
};

/// The pose in `path` for a picture of width x height, by content:
///   .npz                         our motion container: 640x360 is laid over the picture, aspect kept, centred
///   .json {"people": [...]}      OpenPose (BODY_25 or COCO-18); the largest person
///   .json [{"nose": {x, y}}...]  one object of COCO names a frame, or one such object
///   .json [[x, y], ...]          17 (COCO), 18 (OpenPose), 25 (BODY_25) or 33 (BlazePose) points, or frames of them; a
///                                third number is the score (none in BlazePose); (0, 0) is missing
///   .json {"frames": [...]}      what --save-skeleton writes
/// `frame` picks one of several. JSON is in the picture's pixels. Throws DataError naming the file and what must hold.
PhotoPose read_photo_pose(const std::filesystem::path& path, std::int64_t frame, int width, int height);

/// The pose that a PoseNet (ONNX; heat maps and offsets of 17 COCO joints, input square RGB in [-1, 1]) finds. A second
/// pass looks again at the person alone. Throws DataError for a file that is no such network, or when nobody is found.
PhotoPose detect_photo_pose(const std::filesystem::path& model, const media::Image& photo);

}  // namespace stgmamba::infer
