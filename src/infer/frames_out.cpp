// SPDX-License-Identifier: MIT
#include "infer/frames_out.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
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
constexpr int kSheetWidth = 128;  // of a picture at least: small ones are enlarged

/// A file that pictures go into one after another.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::int64_t frame, media::Image picture) = 0;
  virtual void finish() = 0;
};

class VideoSink : public Sink {
 public:
  VideoSink(FrameFile file, const SkeletonVideoOptions& options) : file_(std::move(file)), options_(options) {}
  void write(std::int64_t /*frame*/, media::Image picture) override {
    if (writer_ == nullptr) {
      media::VideoOptions video;
      video.width = picture.width;
      video.height = picture.height;
      video.rate = options_.rate;
      video.sound = options_.sound;
      video.sound_range = options_.sound_range;
      video.title = options_.title;
      video.comment = file_.comment;
      writer_ = std::make_unique<media::VideoWriter>(file_.path, video);
    }
    writer_->write(picture);
  }
  void finish() override { writer_->finish(); }

 private:
  FrameFile file_;
  const SkeletonVideoOptions& options_;
  std::unique_ptr<media::VideoWriter> writer_;
};

class GifSink : public Sink {
 public:
  GifSink(std::filesystem::path path, std::int64_t frames, media::Rate rate)
      : path_(std::move(path)), frames_(frames), rate_(rate) {
    if (frames > kMostGifFrames) {
      throw UsageError("{}: a .gif holds at most {} frames, got {}; lower --fps or --seconds, or write an .mp4",
                       path_.string(), kMostGifFrames, frames);
    }
  }
  void write(std::int64_t /*frame*/, media::Image picture) override {
    const std::int64_t bytes = frames_ * std::ssize(picture.pixels);
    if (bytes > kMostGifBytes) {
      throw UsageError("{}: a .gif holds at most {} of pictures, got {}; lower --scale or --height, --fps or --seconds",
                       path_.string(), util::format_bytes(kMostGifBytes),
                       util::format_bytes(static_cast<std::uintmax_t>(bytes)));
    }
    pictures_.push_back(std::move(picture));
  }
  void finish() override { media::write_gif(path_, std::move(pictures_), rate_); }

 private:
  std::filesystem::path path_;
  std::int64_t frames_;
  media::Rate rate_;
  std::vector<media::Image> pictures_;
};

class SheetSink : public Sink {
 public:
  SheetSink(std::filesystem::path path, double fps, double scale) : path_(std::move(path)), fps_(fps), scale_(scale) {}
  void write(std::int64_t frame, media::Image picture) override {
    captions_.push_back(fmt::format("{:.2f} s", static_cast<double>(frame) / fps_));
    const double scale = std::max(scale_, static_cast<double>(kSheetWidth) / picture.width);
    pictures_.push_back(scale == 1.0
                            ? std::move(picture)
                            : media::resize(picture, even(scale * picture.width), even(scale * picture.height)));
  }
  void finish() override { media::save_image(path_, media::contact_sheet(pictures_, captions_, kSheetColumns)); }

 private:
  std::filesystem::path path_;
  double fps_, scale_;
  std::vector<media::Image> pictures_;
  std::vector<std::string> captions_;
};

std::unique_ptr<Sink> open_sink(const FrameFile& file, std::int64_t frames, const SkeletonVideoOptions& options,
                                double sheet_scale) {
  if (file.path.extension() == ".gif") {
    return std::make_unique<GifSink>(file.path, frames, options.rate);
  }
  if (file.path.extension() == ".png") {
    return std::make_unique<SheetSink>(file.path, options.rate.value(), sheet_scale);
  }
  return std::make_unique<VideoSink>(file, options);
}

/// The frames that a file shows: all, or a sheet's.
std::vector<std::int64_t> shown_frames(const std::filesystem::path& path, std::int64_t frames) {
  const std::int64_t count = path.extension() == ".png" ? std::min(kSheetPictures, frames) : frames;
  std::vector<std::int64_t> shown;
  for (std::int64_t i = 0; i < count; ++i) {
    shown.push_back(i * frames / count);
  }
  return shown;
}

void throw_if_stopped(const std::filesystem::path& path, std::int64_t frame, std::int64_t frames) {
  if (util::stop_requested()) {
    throw StoppedError("{}: stopped at frame {} of {}; nothing was written, run the same command again", path.string(),
                       frame, frames);
  }
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

void write_frames(const std::vector<FrameFile>& files, std::int64_t frames, const SkeletonVideoOptions& options,
                  double sheet_scale, const DrawFrames& draw) {
  const std::filesystem::path& first = files.front().path;
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const FrameFile& file : files) {
    STG_CHECK(file.path.extension() == first.extension(), "[write_frames] {} beside {}", file.path.string(),
              first.string());
    sinks.push_back(open_sink(file, frames, options, sheet_scale));
  }
  const std::vector<std::int64_t> shown = shown_frames(first, frames);
  util::Progress progress("draw", std::ssize(shown), "frame");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    throw_if_stopped(first, shown[i], frames);
    std::vector<media::Image> pictures = draw(shown[i], std::span(shown).subspan(i + 1));
    for (std::size_t n = 0; n < sinks.size(); ++n) {
      sinks[n]->write(shown[i], std::move(pictures[n]));
    }
    progress.update(static_cast<std::int64_t>(i) + 1);
  }
  for (const auto& sink : sinks) {
    sink->finish();
  }
  progress.finish();
}

}  // namespace stgmamba::infer
