// SPDX-License-Identifier: MIT
#include "stgmamba/data/show.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>

#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

#include "data/film_pictures.hpp"
#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

struct Stretch {
  std::int64_t first = 0, count = 0;  // frames
};

Stretch chosen_frames(const Take& take, const ShowOptions& options) {
  const std::int64_t frames = take.motion.frames();
  const auto first = static_cast<std::int64_t>(std::llround(options.start * take.motion.fps));
  if (first < 0 || first >= frames) {
    throw DataError("take '{}': start must lie in 0 to {:.2f} s, got {}", take.info.id, take.motion.seconds(),
                    options.start);
  }
  std::int64_t count = frames - first;
  if (options.seconds >= 0) {
    count = std::clamp<std::int64_t>(std::llround(options.seconds * take.motion.fps), 1, count);
  }
  return {first, count};
}

/// Reference frames are 640x360; the height follows from the width, both even.
skeleton::DrawStyle draw_style(const ShowOptions& options) {
  STG_CHECK(options.width >= 64 && options.width <= 7680, "[show] width must be 64 to 7680, got {}", options.width);
  skeleton::DrawStyle style;
  style.scale = options.width / skeleton::kFrameWidth;
  return style;
}

bool on_beat(const TakeInfo& info, double seconds, double within) {
  return std::any_of(info.beats.begin(), info.beats.end(),
                     [&](double beat) { return std::abs(beat - seconds) <= within; });
}

media::Rate rate_of(double fps) {
  const double thousand = std::round(fps * 1001);
  if (std::abs(fps - std::round(fps)) < 1e-6) {
    return {static_cast<int>(std::lround(fps)), 1};
  }
  if (std::abs(fps * 1001 - std::round(thousand / 1000) * 1000) < 0.5) {
    return {static_cast<int>(std::lround(thousand / 1000)) * 1000, 1001};  // 29.97 and its kin
  }
  return {static_cast<int>(std::lround(fps * 1000)), 1000};
}

/// One pose as it lies in a picture, for a skeleton drawn at `scale`; half a pixel on, for the drawing truncates.
skeleton::Motion pose_in_picture(const skeleton::Motion& motion, std::int64_t frame, const skeleton::Placement& place,
                                 double scale) {
  const std::vector<float> joints = skeleton::picture_joints(motion, frame, place);  // [V, 3]
  skeleton::Motion pose(1, motion.fps);
  for (int v = 0; v < skeleton::kJoints; ++v) {
    const float* joint = joints.data() + static_cast<std::ptrdiff_t>(v) * 3;
    if (joint[2] > 0.0F) {
      pose.x(0, v) = static_cast<float>((joint[0] + 0.5) / scale);
      pose.y(0, v) = static_cast<float>((joint[1] + 0.5) / scale);
      pose.score[static_cast<std::size_t>(v)] = joint[2];
    }
  }
  return pose;
}

/// The skeleton over the film's own frame, resized to the width asked for with its aspect kept.
media::Image filmed_image(const media::Image& picture, const Take& take, std::int64_t frame,
                          const ShowOptions& options) {
  const double ratio = static_cast<double>(options.width) / picture.width;
  const int height = std::max(2, static_cast<int>(std::lround(picture.height * ratio)));
  media::Image image = media::resize(picture, options.width, height);
  const skeleton::DrawStyle style = draw_style(options);
  const skeleton::Placement place = placement(take.info.framing, image.width, image.height);
  skeleton::draw_skeleton(image, pose_in_picture(take.motion, frame, place, style.scale), 0, style);
  return image;
}

/// The frames of a take as they are shown, in ascending order and one in memory at a time.
void for_shown(const Dataset& dataset, const Take& take, const std::set<std::int64_t>& frames,
               const ShowOptions& options, const std::function<void(std::int64_t, const media::Image&)>& show) {
  const skeleton::DrawStyle style = draw_style(options);
  if (take.info.framing.width <= 0) {
    for (const std::int64_t frame : frames) {
      show(frame, skeleton::skeleton_image(take.motion, frame, style));
    }
    return;
  }
  const fs::path clip = dataset.folder() / kClipsFolder / take.info.id;
  require_pictures(clip, take.info);
  for_pictures(clip, take.info, frames, [&](std::int64_t frame, const media::Image& picture) {
    show(frame, filmed_image(picture, take, frame, options));
  });
}

}  // namespace

TakeInfo find_take(const Dataset& dataset, const std::string& id) {
  std::vector<std::string> ids;
  for (const TakeInfo& info : dataset.takes()) {
    if (info.id == id) {
      return info;
    }
    ids.push_back(info.id);
  }
  const std::string near = util::nearest(id, ids);
  throw DataError("{}: holds no take '{}'{}", dataset.folder().string(), id,
                  near.empty() ? std::string() : " (did you mean '" + near + "'?)");
}

void write_contact_sheet(const Dataset& dataset, const TakeInfo& info, const fs::path& out,
                         const ShowOptions& options) {
  STG_CHECK(options.pictures >= 1 && options.columns >= 1,
            "[show] pictures and columns must be positive, got {} and {}", options.pictures, options.columns);
  const Take take = dataset.load(info);
  const Stretch stretch = chosen_frames(take, options);
  const std::int64_t pictures = std::min<std::int64_t>(options.pictures, stretch.count);
  std::set<std::int64_t> frames;
  for (std::int64_t i = 0; i < pictures; ++i) {
    frames.insert(stretch.first + i * stretch.count / pictures);
  }
  std::vector<media::Image> images;
  std::vector<std::string> captions;
  for_shown(dataset, take, frames, options, [&](std::int64_t frame, const media::Image& image) {
    const double seconds = static_cast<double>(frame) / take.motion.fps;
    images.push_back(image);
    captions.push_back(fmt::format("{:.2f} s{}", seconds, on_beat(info, seconds, 0.5 / take.motion.fps) ? " *" : ""));
  });
  media::save_image(out, media::contact_sheet(images, captions, options.columns));
}

void write_take_video(const Dataset& dataset, const TakeInfo& info, const fs::path& out, const ShowOptions& options) {
  const Take take = dataset.load(info);
  const Stretch stretch = chosen_frames(take, options);
  std::set<std::int64_t> frames;
  for (std::int64_t i = 0; i < stretch.count; ++i) {
    frames.insert(frames.end(), stretch.first + i);
  }
  media::VideoOptions video;
  video.rate = rate_of(take.motion.fps);
  video.sound = dataset.folder() / kClipsFolder / info.id / kAudioFile;
  video.sound_range = {static_cast<double>(stretch.first) / take.motion.fps,
                       static_cast<double>(stretch.count) / take.motion.fps};
  video.title = info.id;
  std::optional<media::VideoWriter> writer;
  for_shown(dataset, take, frames, options, [&](std::int64_t, const media::Image& image) {
    if (!writer) {
      video.width = image.width - image.width % 2;
      video.height = image.height - image.height % 2;
      writer.emplace(out, video);
    }
    media::Image canvas(video.width, video.height);
    media::paste(canvas, image, 0, 0);
    writer->write(canvas);
  });
  writer->finish();
}

}  // namespace stgmamba::data
