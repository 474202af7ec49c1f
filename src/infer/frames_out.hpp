// SPDX-License-Identifier: MIT
// What every kind of dance video shares: the motion at the video's rate, and pictures to an .mp4, a .gif or a sheet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "stgmamba/infer/skeleton_video.hpp"

namespace stgmamba::infer {

/// The motion at the video's rate, with the last pose held to its end.
skeleton::Motion at_rate(const skeleton::Motion& motion, double fps, std::int64_t frames);

/// A size as H.264 with yuv420p takes it.
int even(double size);

/// By the name of `path`: .mp4 with sound, .gif, .png a contact sheet of 24 pictures `sheet_scale` times as large. The
/// pictures are all of one even size; each is drawn when it is needed. Throws StoppedError (no file) when asked to
/// stop.
void write_frames(const std::filesystem::path& path, std::int64_t frames, const SkeletonVideoOptions& options,
                  double sheet_scale, const std::function<media::Image(std::int64_t frame)>& draw);

}  // namespace stgmamba::infer
