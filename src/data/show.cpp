// SPDX-License-Identifier: MIT
#include "stgmamba/data/show.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

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
  const skeleton::DrawStyle style = draw_style(options);
  std::vector<media::Image> images;
  std::vector<std::string> captions;
  for (std::int64_t i = 0; i < pictures; ++i) {
    const std::int64_t frame = stretch.first + i * stretch.count / pictures;
    const double seconds = static_cast<double>(frame) / take.motion.fps;
    images.push_back(skeleton::skeleton_image(take.motion, frame, style));
    captions.push_back(fmt::format("{:.2f} s{}", seconds, on_beat(info, seconds, 0.5 / take.motion.fps) ? " *" : ""));
  }
  media::save_image(out, media::contact_sheet(images, captions, options.columns));
}

void write_take_video(const Dataset& dataset, const TakeInfo& info, const fs::path& out, const ShowOptions& options) {
  const Take take = dataset.load(info);
  const Stretch stretch = chosen_frames(take, options);
  const skeleton::DrawStyle style = draw_style(options);
  const media::Image first = skeleton::skeleton_image(take.motion, stretch.first, style);
  media::VideoOptions video;
  video.width = first.width - first.width % 2;
  video.height = first.height - first.height % 2;
  video.rate = rate_of(take.motion.fps);
  video.sound = dataset.folder() / kClipsFolder / info.id / kAudioFile;
  video.sound_range = {static_cast<double>(stretch.first) / take.motion.fps,
                       static_cast<double>(stretch.count) / take.motion.fps};
  video.title = info.id;
  media::VideoWriter writer(out, video);
  for (std::int64_t i = 0; i < stretch.count; ++i) {
    media::Image canvas(video.width, video.height);
    media::paste(canvas, skeleton::skeleton_image(take.motion, stretch.first + i, style), 0, 0);
    writer.write(canvas);
  }
  writer.finish();
}

}  // namespace stgmamba::data
