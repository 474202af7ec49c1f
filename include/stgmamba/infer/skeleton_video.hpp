// SPDX-License-Identifier: MIT
// Motion to a video of a drawn skeleton with its music, and the motion files that programs exchange.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::infer {

struct SkeletonVideoOptions {
  media::Rate rate{30, 1};      // frames per second of the video; the motion is interpolated (cubic) to it
  double seconds = 0.0;         // of the video: round(seconds * rate) frames; the last pose is held
  double scale = 1.0;           // size over 640x360
  std::filesystem::path sound;  // goes along; empty: silent
  media::TimeRange sound_range;
  std::string title, comment;
};

/// By the name of `path`: .mp4 with sound, .gif without, .png a contact sheet of 24 poses. Returns the number of frames
/// of the video. Shows progress; throws StoppedError (leaving no file) when asked to stop.
std::int64_t write_skeleton_video(const std::filesystem::path& path, const skeleton::Motion& motion,
                                  const SkeletonVideoOptions& options);

/// "30", "29.97" or "30000/1001". Throws UsageError outside [1, 240].
media::Rate parse_rate(const std::string& text);

/// By name: .npz our container, .json one document, anything else an OpenPose folder.
void write_motion(const std::filesystem::path& path, const skeleton::Motion& motion);
/// The same, and `joints3d` JSON, which is projected. `folder_fps` is the rate of an OpenPose folder, which records
/// none. Throws DataError.
skeleton::Motion read_motion(const std::filesystem::path& path, double folder_fps);

}  // namespace stgmamba::infer
