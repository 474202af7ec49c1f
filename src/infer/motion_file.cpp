// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "stgmamba/infer/skeleton_video.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/skeleton/project.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::infer {
namespace fs = std::filesystem;
namespace {

/// {"fps", "width", "height", "joints": "openpose18", "frames": [F][18][x, y, score]}; 0, 0, 0 = missing.
io::Json to_json(const skeleton::Motion& motion) {
  io::Json frames = io::Json::array();
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    io::Json joints = io::Json::array();
    for (int v = 0; v < skeleton::kJoints; ++v) {
      const float score = motion.score[static_cast<std::size_t>(f * skeleton::kJoints + v)];
      const bool seen = std::isfinite(motion.x(f, v)) && std::isfinite(motion.y(f, v));
      joints.push_back(seen ? io::Json{motion.x(f, v), motion.y(f, v), score} : io::Json{0, 0, 0});
    }
    frames.push_back(std::move(joints));
  }
  return {{"fps", motion.fps},
          {"width", skeleton::kFrameWidth},
          {"height", skeleton::kFrameHeight},
          {"joints", "openpose18"},
          {"frames", std::move(frames)}};
}

skeleton::Motion from_json(const fs::path& path, const io::Json& document) {
  const io::Json& frames = document.at("frames");
  const double fps = document.at("fps").get<double>();
  if (document.value("joints", "openpose18") != "openpose18" || !(fps > 0.0) || !frames.is_array() || frames.empty()) {
    throw DataError("{}: must have frames of openpose18 joints at fps > 0, got {} frames at {} fps", path.string(),
                    frames.size(), fps);
  }
  const double to_x = skeleton::kFrameWidth / document.value("width", skeleton::kFrameWidth);
  const double to_y = skeleton::kFrameHeight / document.value("height", skeleton::kFrameHeight);
  skeleton::Motion motion(std::ssize(frames), fps);
  for (std::size_t f = 0; f < frames.size(); ++f) {
    if (frames[f].size() != skeleton::kJoints) {
      throw DataError("{}: frame {} must have 18 joints, got {}", path.string(), f, frames[f].size());
    }
    for (int v = 0; v < skeleton::kJoints; ++v) {
      const auto joint = frames[f][static_cast<std::size_t>(v)].get<std::vector<float>>();
      if (joint.size() != 3) {
        throw DataError("{}: frame {}, joint {} must be [x, y, score], got {} numbers", path.string(), f, v,
                        joint.size());
      }
      if (joint[2] > 0.0F) {
        const auto frame = static_cast<std::int64_t>(f);
        motion.x(frame, v) = static_cast<float>(joint[0] * to_x);
        motion.y(frame, v) = static_cast<float>(joint[1] * to_y);
        motion.score[static_cast<std::size_t>(frame * skeleton::kJoints + v)] = joint[2];
      }
    }
  }
  return motion;
}

/// Refuses what cannot be drawn or scored: a rate that is none, nobody in the picture, joints far outside of it.
skeleton::Motion checked(const fs::path& path, skeleton::Motion motion) {
  constexpr double kLeastFps = 0.1, kMostFps = 1000.0, kOutside = 10.0;  // pictures beside the picture
  if (!(motion.fps >= kLeastFps && motion.fps <= kMostFps)) {
    throw DataError("{}: fps must be {} to {}, got {}", path.string(), kLeastFps, kMostFps, motion.fps);
  }
  bool anybody = false;
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      if (motion.missing(f, v)) {
        continue;
      }
      anybody = true;
      if (!(std::abs(motion.x(f, v)) < kOutside * skeleton::kFrameWidth) ||
          !(std::abs(motion.y(f, v)) < kOutside * skeleton::kFrameHeight)) {
        throw DataError("{}: joints must lie in or near a picture of {}x{}, got ({}, {}) in frame {}", path.string(),
                        skeleton::kFrameWidth, skeleton::kFrameHeight, motion.x(f, v), motion.y(f, v), f);
      }
    }
  }
  if (!anybody) {
    throw DataError("{}: must show a person in at least one frame, got none in {} frames", path.string(),
                    motion.frames());
  }
  return motion;
}

}  // namespace

void write_motion(const fs::path& path, const skeleton::Motion& motion) {
  if (path.extension() == ".npz") {
    skeleton::write_motion_npz(path, motion);
  } else if (path.extension() == ".json") {
    io::write_json(path, to_json(motion));
  } else {
    skeleton::write_openpose_folder(path, motion);
  }
}

skeleton::Motion read_motion(const fs::path& path, double folder_fps) {
  if (!fs::exists(path)) {
    throw DataError("{}: no such file or folder", path.string());
  }
  if (fs::is_directory(path)) {
    skeleton::OpenPoseOptions options;
    options.fps = folder_fps;
    options.width = skeleton::kFrameWidth;
    options.height = skeleton::kFrameHeight;
    return checked(path, skeleton::read_openpose_folder(path, options));
  }
  if (path.extension() == ".npz") {
    return checked(path, skeleton::read_motion_npz(path));
  }
  if (path.extension() != ".json") {
    throw DataError("{}: must be an .npz, a .json or a folder of OpenPose JSON files", path.string());
  }
  const io::Json document = io::read_json(path);
  if (document.is_object() && document.contains("positions")) {
    return checked(path, skeleton::project(skeleton::read_joints3d(path).motion));
  }
  try {
    return checked(path, from_json(path, document));
  } catch (const io::Json::exception& error) {
    throw DataError("{}: must be {{\"fps\", \"frames\": [F][18][x, y, score]}}: {}", path.string(), error.what());
  }
}

}  // namespace stgmamba::infer
