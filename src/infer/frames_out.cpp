// SPDX-License-Identifier: MIT
#include "infer/frames_out.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::infer {
namespace {

constexpr std::int64_t kMostGifFrames = 1800;      // nobody wants a longer one
constexpr std::int64_t kMostGifBytes = 1LL << 30;  // of pictures, all in memory until the palette is known
constexpr std::int64_t kSheetPictures = 24;
constexpr int kSheetColumns = 6;

using Draw = std::function<media::Image(std::int64_t frame)>;

void throw_if_stopped(const std::filesystem::path& path, std::int64_t frame, std::int64_t frames) {
  if (util::stop_requested()) {
    throw StoppedError("{}: stopped at frame {} of {}; nothing was written, run the same command again", path.string(),
                       frame, frames);
  }
}

void write_as_gif(const std::filesystem::path& path, std::int64_t frames, media::Rate rate, const Draw& draw) {
  if (frames > kMostGifFrames) {
    throw UsageError("{}: a .gif holds at most {} frames, got {}; lower --fps or --seconds, or write an .mp4",
                     path.string(), kMostGifFrames, frames);
  }
  std::vector<media::Image> pictures = {draw(0)};
  const std::int64_t bytes = frames * std::ssize(pictures.front().pixels);
  if (bytes > kMostGifBytes) {
    throw UsageError("{}: a .gif holds at most {} of pictures, got {}; lower --scale or --height, --fps or --seconds",
                     path.string(), util::format_bytes(kMostGifBytes),
                     util::format_bytes(static_cast<std::uintmax_t>(bytes)));
  }
  for (std::int64_t frame = 1; frame < frames; ++frame) {
    throw_if_stopped(path, frame, frames);
    pictures.push_back(draw(frame));
  }
  media::write_gif(path, std::move(pictures), rate);
}

void write_as_sheet(const std::filesystem::path& path, std::int64_t frames, double fps, double scale,
                    const Draw& draw) {
  std::vector<media::Image> pictures;
  std::vector<std::string> captions;
  const std::int64_t count = std::min(kSheetPictures, frames);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t frame = i * frames / count;
    throw_if_stopped(path, frame, frames);
    const media::Image whole = draw(frame);
    pictures.push_back(scale == 1.0 ? whole
                                    : media::resize(whole, even(scale * whole.width), even(scale * whole.height)));
    captions.push_back(fmt::format("{:.2f} s", static_cast<double>(frame) / fps));
  }
  media::save_image(path, media::contact_sheet(pictures, captions, kSheetColumns));
}

}  // namespace

int even(double size) {
  return std::max(2, 2 * static_cast<int>(std::lround(size / 2.0)));
}

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

void write_frames(const std::filesystem::path& path, std::int64_t frames, const SkeletonVideoOptions& options,
                  double sheet_scale, const Draw& draw) {
  throw_if_stopped(path, 0, frames);
  if (path.extension() == ".gif") {
    write_as_gif(path, frames, options.rate, draw);
    return;
  }
  if (path.extension() == ".png") {
    write_as_sheet(path, frames, options.rate.value(), sheet_scale, draw);
    return;
  }
  const media::Image first = draw(0);
  media::VideoOptions video;
  video.width = first.width;
  video.height = first.height;
  video.rate = options.rate;
  video.sound = options.sound;
  video.sound_range = options.sound_range;
  video.title = options.title;
  video.comment = options.comment;
  media::VideoWriter writer(path, video);
  util::Progress progress("draw", frames, "frame");
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    throw_if_stopped(path, frame, frames);
    writer.write(frame == 0 ? first : draw(frame));
    progress.update(frame + 1);
  }
  writer.finish();
  progress.finish();
}

}  // namespace stgmamba::infer
