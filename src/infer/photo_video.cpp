// SPDX-License-Identifier: MIT
#include "stgmamba/infer/photo_video.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

#include "infer/frames_out.hpp"

namespace stgmamba::infer {
namespace {

constexpr int kLeastHeight = 256, kMostHeight = 1080, kMostWidth = 1920;  // unless a height is asked for
constexpr int kWidest = 7680;
constexpr int kLeastSide = 16, kMostAspect = 20;
constexpr double kSheetScale = 0.4, kMostTogether = 3840.0;

/// The placed pose over (or, on white, beside) the picture.
void draw_pose(media::Image& picture, const PhotoPose& pose) {
  skeleton::DrawStyle style;
  style.scale = picture.height / skeleton::kFrameHeight;
  skeleton::Motion one(1, 1.0);
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (pose.seen(v)) {
      one.x(0, v) = static_cast<float>(pose[v].x / style.scale);
      one.y(0, v) = static_cast<float>(pose[v].y / style.scale);
      one.score[static_cast<std::size_t>(v)] = pose.score[static_cast<std::size_t>(v)];
    }
  }
  skeleton::draw_skeleton(picture, one, 0, style);
}

media::Image beside(const media::Image& picture, const PhotoPose& pose) {
  media::Image skeleton(picture.width, picture.height, {255, 255, 255});
  draw_pose(skeleton, pose);
  media::Image both(2 * picture.width, picture.height);
  media::paste(both, skeleton, 0, 0);
  media::paste(both, picture, picture.width, 0);
  return both;
}

media::Image draw_video(const DanceVideo& video, const DanceFrame& frame, Overlay overlay) {
  PhotoPose placed;
  media::Image picture = video.draw(frame, placed);
  if (overlay == Overlay::kSkeleton) {
    draw_pose(picture, placed);
  }
  return overlay == Overlay::kSideBySide ? beside(picture, placed) : picture;
}

/// Side by side, all as high as the lowest and no wider together than kMostTogether.
media::Image in_a_row(const std::vector<media::Image>& pictures) {
  int height = pictures.front().height;
  for (const media::Image& picture : pictures) {
    height = std::min(height, picture.height);
  }
  double width = 0.0;
  for (const media::Image& picture : pictures) {
    width += static_cast<double>(picture.width) * height / picture.height;
  }
  const int row = even(height * std::min(1.0, kMostTogether / width));
  std::vector<media::Image> parts;
  int whole = 0;
  for (const media::Image& picture : pictures) {
    const int wide = even(static_cast<double>(picture.width) * row / picture.height);
    parts.push_back(wide == picture.width && row == picture.height ? picture : media::resize(picture, wide, row));
    whole += wide;
  }
  media::Image canvas(whole, row);
  int left = 0;
  for (const media::Image& part : parts) {
    media::paste(canvas, part, left, 0);
    left += part.width;
  }
  return canvas;
}

}  // namespace

media::Image fit_photo(const media::Image& photo, int height, const std::string& name) {
  const int shorter = std::min(photo.width, photo.height), longer = std::max(photo.width, photo.height);
  if (shorter < kLeastSide || longer > kMostAspect * shorter) {
    throw DataError("{}: a photo must be at least {} pixels on each side and no strip, got {}x{}", name, kLeastSide,
                    photo.width, photo.height);
  }
  const double aspect = static_cast<double>(photo.width) / photo.height;
  if (height > 0 && height * aspect > kWidest) {
    throw UsageError(
        "{}: --height must be at most {:.0f} for a photo of {}x{}, so that no picture is wider than {}, got {}", name,
        std::floor(kWidest / aspect), photo.width, photo.height, kWidest, height);
  }
  const double wanted =
      height > 0 ? height : std::min(std::clamp<double>(photo.height, kLeastHeight, kMostHeight), kMostWidth / aspect);
  const int to_height = even(wanted), to_width = even(wanted * photo.width / photo.height);
  return to_width == photo.width && to_height == photo.height ? photo : media::resize(photo, to_width, to_height);
}

PhotoPose scale_pose(const PhotoPose& pose, double to_x, double to_y) {
  PhotoPose out = pose;
  for (media::Point& p : out.at) {  // pixel centres: (x + 0.5) scales
    p = {(p.x + 0.5) * to_x - 0.5, (p.y + 0.5) * to_y - 0.5};
  }
  return out;
}

std::int64_t write_dance_videos(const std::vector<DanceVideo>& videos, const std::filesystem::path& together,
                                const skeleton::Motion& motion, const PhotoVideoOptions& options) {
  STG_CHECK(!videos.empty() && motion.frames() > 0 && options.video.seconds > 0.0,
            "[write_dance_videos] {} videos, {} frames, {} s", videos.size(), motion.frames(), options.video.seconds);
  const double fps = options.video.rate.value();
  const std::int64_t frames = std::max<std::int64_t>(1, std::llround(options.video.seconds * fps));
  skeleton::Motion whole = motion;
  skeleton::fill_missing(whole, kMostMissing);
  std::fill(whole.score.begin(), whole.score.end(), 1.0F);  // filled joints count as seen from here on
  const skeleton::Motion moving = at_rate(whole, fps, frames);
  const std::vector<skeleton::NearSide> near = skeleton::near_sides(moving);
  std::vector<FrameFile> files;
  for (const DanceVideo& video : videos) {
    files.push_back({video.path, video.comment});
  }
  if (!together.empty()) {
    files.push_back({together, options.video.comment});
  }
  write_frames(files, frames, options.video, kSheetScale, [&](std::int64_t frame, std::span<const std::int64_t> later) {
    std::vector<media::Image> pictures;
    for (const DanceVideo& video : videos) {
      pictures.push_back(
          draw_video(video, {moving, frame, near[static_cast<std::size_t>(frame)], later}, options.overlay));
    }
    if (!together.empty()) {
      pictures.push_back(in_a_row(pictures));
    }
    return pictures;
  });
  return frames;
}

DrawFrame cutout_drawer(const Cutout& person, const skeleton::Motion& motion) {
  return [&person, dance = std::make_shared<PlacedDance>(person, motion)](const DanceFrame& frame, PhotoPose& placed) {
    placed = dance->place(frame.motion, frame.frame);
    return person.render(placed, frame.near);
  };
}

}  // namespace stgmamba::infer
