// SPDX-License-Identifier: MIT
#include "stgmamba/infer/skeleton_video.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::infer {
namespace {

int even(double size) {
  return 2 * static_cast<int>(std::lround(size / 2.0));  // H.264 with yuv420p
}

/// The motion at the video's rate, with the last pose held to its end.
skeleton::Motion at_rate(const skeleton::Motion& motion, double fps, std::int64_t frames) {
  skeleton::Motion held = motion;
  const std::size_t row = skeleton::kJoints;
  // Frame i of the video is at i / fps; the motion's last pose stands at (F - 1) / motion.fps.
  while (static_cast<double>(held.frames() - 1) / held.fps < static_cast<double>(frames) / fps) {
    held.xy.insert(held.xy.end(), motion.xy.end() - static_cast<std::ptrdiff_t>(2 * row), motion.xy.end());
    held.score.insert(held.score.end(), motion.score.end() - static_cast<std::ptrdiff_t>(row), motion.score.end());
  }
  skeleton::Motion out = skeleton::resample(held, fps);
  STG_CHECK(out.frames() >= frames, "[at_rate] {} frames wanted, {} made", frames, out.frames());
  return skeleton::slice(out, 0, frames);
}

constexpr std::int64_t kMostGifFrames = 1800;      // nobody wants a longer one
constexpr std::int64_t kMostGifBytes = 1LL << 30;  // of pictures, all in memory until the palette is known
constexpr std::int64_t kSheetPictures = 24;
constexpr int kSheetColumns = 6;

media::Image picture(const skeleton::Motion& motion, std::int64_t frame, double scale) {
  skeleton::DrawStyle style;
  style.scale = scale;
  media::Image canvas(even(skeleton::kFrameWidth * scale), even(skeleton::kFrameHeight * scale), style.background);
  skeleton::draw_skeleton(canvas, motion, frame, style);
  return canvas;
}

void throw_if_stopped(const std::filesystem::path& path, std::int64_t frame, std::int64_t frames) {
  if (util::stop_requested()) {
    throw StoppedError("{}: stopped at frame {} of {}; nothing was written, run the same command again", path.string(),
                       frame, frames);
  }
}

void write_skeleton_gif(const std::filesystem::path& path, const skeleton::Motion& drawn,
                        const SkeletonVideoOptions& options) {
  if (drawn.frames() > kMostGifFrames) {
    throw UsageError("{}: a .gif holds at most {} frames, got {}; lower --fps or --seconds, or write an .mp4",
                     path.string(), kMostGifFrames, drawn.frames());
  }
  const std::int64_t bytes =
      drawn.frames() * 3 * even(skeleton::kFrameWidth * options.scale) * even(skeleton::kFrameHeight * options.scale);
  if (bytes > kMostGifBytes) {
    throw UsageError("{}: a .gif holds at most {} of pictures, got {}; lower --scale, --fps or --seconds",
                     path.string(), util::format_bytes(kMostGifBytes),
                     util::format_bytes(static_cast<std::uintmax_t>(bytes)));
  }
  std::vector<media::Image> pictures;
  for (std::int64_t frame = 0; frame < drawn.frames(); ++frame) {
    throw_if_stopped(path, frame, drawn.frames());
    pictures.push_back(picture(drawn, frame, options.scale));
  }
  media::write_gif(path, std::move(pictures), options.rate);
}

void write_skeleton_sheet(const std::filesystem::path& path, const skeleton::Motion& drawn, double scale) {
  std::vector<media::Image> pictures;
  std::vector<std::string> captions;
  const std::int64_t count = std::min(kSheetPictures, drawn.frames());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t frame = i * drawn.frames() / count;
    pictures.push_back(picture(drawn, frame, 0.5 * scale));
    captions.push_back(fmt::format("{:.2f} s", static_cast<double>(frame) / drawn.fps));
  }
  media::save_image(path, media::contact_sheet(pictures, captions, kSheetColumns));
}

}  // namespace

std::int64_t write_skeleton_video(const std::filesystem::path& path, const skeleton::Motion& motion,
                                  const SkeletonVideoOptions& options) {
  STG_CHECK(motion.frames() > 0 && options.seconds > 0.0, "[write_skeleton_video] {} frames, {} s", motion.frames(),
            options.seconds);
  const std::int64_t frames = std::max<std::int64_t>(1, std::llround(options.seconds * options.rate.value()));
  const skeleton::Motion drawn = at_rate(motion, options.rate.value(), frames);
  if (path.extension() == ".gif") {
    write_skeleton_gif(path, drawn, options);
    return frames;
  }
  if (path.extension() == ".png") {
    write_skeleton_sheet(path, drawn, options.scale);
    return frames;
  }
  media::VideoOptions video;
  video.width = even(skeleton::kFrameWidth * options.scale);
  video.height = even(skeleton::kFrameHeight * options.scale);
  video.rate = options.rate;
  video.sound = options.sound;
  video.sound_range = options.sound_range;
  video.title = options.title;
  video.comment = options.comment;
  media::VideoWriter writer(path, video);
  util::Progress progress("draw", frames, "frame");
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    throw_if_stopped(path, frame, frames);
    writer.write(picture(drawn, frame, options.scale));
    progress.update(frame + 1);
  }
  writer.finish();
  progress.finish();
  return frames;
}

media::Rate parse_rate(const std::string& text) {
  const std::size_t slash = text.find('/');
  long long num = 0, den = 1;
  double value = 0.0;
  media::Rate rate;
  if (slash != std::string::npos) {
    const bool whole =
        util::parse_integer(text.substr(0, slash), num) && util::parse_integer(text.substr(slash + 1), den);
    rate = whole && num > 0 && den > 0 && num < 1'000'000 && den < 1'000'000
               ? media::Rate{static_cast<int>(num), static_cast<int>(den)}
               : media::Rate{0, 1};
  } else if (util::parse_number(text, value) && value > 0.0 && value < 1000.0) {
    // 29.97 and its kin mean n * 1000 / 1001.
    const double ntsc = std::round(value) * 1000.0 / 1001.0;
    rate = std::abs(value - ntsc) < 0.005 ? media::Rate{static_cast<int>(std::lround(value)) * 1000, 1001}
                                          : media::Rate{static_cast<int>(std::lround(value * 1000.0)), 1000};
    rate = rate.den == 1000 && rate.num % 1000 == 0 ? media::Rate{rate.num / 1000, 1} : rate;
  } else {
    rate = {0, 1};
  }
  if (rate.value() < 1.0 || rate.value() > 240.0) {
    throw UsageError("--fps must be a rate from 1 to 240 like 30, 29.97 or 30000/1001, got '{}'", text);
  }
  return rate;
}

}  // namespace stgmamba::infer
