// SPDX-License-Identifier: MIT
// What every kind of dance video shares: the motion at the video's rate, and pictures to .mp4s, .gifs or sheets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stgmamba/infer/skeleton_video.hpp"

namespace stgmamba::infer {

inline constexpr double kMostMissing = 0.5;  // of a motion's joints, that a video fills in

/// The motion at the video's rate, with the last pose held to its end.
skeleton::Motion at_rate(const skeleton::Motion& motion, double fps, std::int64_t frames);

/// A size as H.264 with yuv420p takes it.
int even(double size);

/// One of the files that are written side by side.
struct FrameFile {
  std::filesystem::path path;  // .mp4 with sound, .gif, .png a contact sheet of 24 pictures
  std::string comment;         // container metadata
};

/// One picture a file, all pictures of a file of one even size; `later`: the frames that are drawn after this one.
using DrawFrames = std::function<std::vector<media::Image>(std::int64_t frame, std::span<const std::int64_t> later)>;

/// All files (of one kind) at once: a frame is drawn when it is needed, goes into every file and is forgotten. A
/// sheet's pictures are `sheet_scale` times as large, or 128 px wide where that is more. Each file appears whole;
/// throws StoppedError (no file) when asked to stop.
void write_frames(const std::vector<FrameFile>& files, std::int64_t frames, const SkeletonVideoOptions& options,
                  double sheet_scale, const DrawFrames& draw);

}  // namespace stgmamba::infer
