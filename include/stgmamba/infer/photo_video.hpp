// SPDX-License-Identifier: MIT
// A motion and a photo to a video of that person dancing, frame by frame, with the music.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stgmamba/infer/cutout.hpp"
#include "stgmamba/infer/skeleton_video.hpp"

namespace stgmamba::infer {

enum class Overlay { kNone, kSkeleton, kSideBySide };

struct PhotoVideoOptions {
  SkeletonVideoOptions video;  // rate, seconds, sound, title; not scale. Its comment is that of the video of all
  Overlay overlay = Overlay::kNone;
};

/// The size at which a photo dances: its own, between 256 and 1080 pixels high (or `height`), at most 1920 wide, even.
/// Throws DataError for a photo with a side under 16 pixels or over 20 times the other.
media::Image fit_photo(const media::Image& photo, int height, const std::string& name);

/// The pose of a photo, moved to a picture of another size.
PhotoPose scale_pose(const PhotoPose& pose, double to_x, double to_y);

/// One frame that is to be drawn.
struct DanceFrame {
  const skeleton::Motion& motion;  // at the video's rate, no joint missing
  std::int64_t frame = 0;
  skeleton::NearSide near = skeleton::NearSide::kBoth;
  std::span<const std::int64_t> later;  // frames that will be asked for after it, in order
};
/// Draws it, always at one even size, and says where in the picture the joints lie (for overlays).
using DrawFrame = std::function<media::Image(const DanceFrame& frame, PhotoPose& placed)>;

/// A video of the dance: who draws it, and what the file says of that.
struct DanceVideo {
  std::filesystem::path path;  // .mp4 with sound, .gif, .png (a contact sheet)
  std::string comment;         // container metadata
  DrawFrame draw;
};

/// All videos (of one kind) at once, and, where `together` names one, a video of all of them side by side: one song,
/// several people. Any frame rate: the motion is interpolated (cubic), its missing joints filled first. Frames go to
/// the encoders one by one. Returns the number of frames.
std::int64_t write_dance_videos(const std::vector<DanceVideo>& videos, const std::filesystem::path& together,
                                const skeleton::Motion& motion, const PhotoVideoOptions& options);

/// The person of a photo in the dance.
DrawFrame cutout_drawer(const Cutout& person, const skeleton::Motion& motion);

}  // namespace stgmamba::infer
