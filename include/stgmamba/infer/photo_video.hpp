// SPDX-License-Identifier: MIT
// A motion and a photo to a video of that person dancing, frame by frame, with the music.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "stgmamba/infer/cutout.hpp"
#include "stgmamba/infer/skeleton_video.hpp"

namespace stgmamba::infer {

enum class Overlay { kNone, kSkeleton, kSideBySide };

struct PhotoVideoOptions {
  SkeletonVideoOptions video;  // rate, seconds, sound, title, comment; `scale` is not used here
  Overlay overlay = Overlay::kNone;
};

/// The size at which a photo dances: its own, between 256 and 1080 pixels high (or `height`), at most 1920 wide, even.
/// Throws DataError for a photo with a side under 16 pixels or over 20 times the other.
media::Image fit_photo(const media::Image& photo, int height, const std::string& name);

/// The pose of a photo, moved to a picture of another size.
PhotoPose scale_pose(const PhotoPose& pose, double to_x, double to_y);

/// Draws frame `frame` of the placed dance: what write_dance_video calls for every frame.
using DrawFrame = std::function<media::Image(const skeleton::Motion& motion, std::int64_t frame,
                                             skeleton::NearSide near, PhotoPose& placed)>;

/// By the name of `path`: .mp4 with sound, .gif, .png (a contact sheet). Any frame rate: the motion is interpolated
/// (cubic), its missing joints filled first. Frames go to the encoder one by one. Returns the number of frames.
std::int64_t write_dance_video(const std::filesystem::path& path, const skeleton::Motion& motion, const DrawFrame& draw,
                               const PhotoVideoOptions& options);

/// The person of a photo in the dance.
std::int64_t write_cutout_video(const std::filesystem::path& path, const Cutout& person, const skeleton::Motion& motion,
                                const PhotoVideoOptions& options);

}  // namespace stgmamba::infer
