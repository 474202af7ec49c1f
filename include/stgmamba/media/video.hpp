// SPDX-License-Identifier: MIT
// Video: frames in, H.264 + AAC mp4 out with the sound in step by construction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "stgmamba/media/audio.hpp"
#include "stgmamba/media/image.hpp"

namespace stgmamba::media {

struct Rate {
  int num = 10, den = 1;  // frames per second = num / den
  double value() const { return static_cast<double>(num) / den; }
};

struct VideoInfo {
  int width = 0, height = 0;
  Rate rate;
  double seconds = 0.0;  // as the container states it; 0 when unknown
  bool has_audio = false;
};

/// Decodes frame after frame, in display order and display orientation, with each frame's own time.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path);  // throws DataError: missing, no video stream, undecodable
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  const VideoInfo& info() const;
  /// False at the end. `seconds` is the frame's presentation time from the start of the file: the zero of decode_audio.
  bool next(Image& frame, double& seconds);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct VideoOptions {
  int width = 640, height = 360;  // even
  Rate rate{10, 1};
  int quality = 20;             // CRF of x264
  std::filesystem::path sound;  // a file whose sound goes along; empty: silent
  TimeRange sound_range;        // stretch of it; its start is the video's time 0
  std::string title, comment;   // container metadata
  bool bit_exact = false;       // no encoder version or time stamps in the file (tests)
};

/// Writes an mp4: H.264 yuv420p at a constant rate, AAC (48 kHz, up to 2 channels), faststart. Frame i is shown at
/// i / rate, the sound starts at 0 with the encoder's priming declared in an edit list; the sound is cut or padded with
/// silence to the frames' duration. Memory is bounded by a few frames and a second of sound. The file appears only on
/// finish(); without it nothing is left behind.
class VideoWriter {
 public:
  VideoWriter(const std::filesystem::path& path, const VideoOptions& options);
  ~VideoWriter();
  VideoWriter(VideoWriter&&) noexcept;
  void write(const Image& frame);
  void finish();
  std::int64_t frames() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// An animated GIF of `frames`, for READMEs and reports (small palettes, FFmpeg's palettegen). All frames are in memory
/// once: a palette is chosen when the last is known. Each is freed as it is handed on.
void write_gif(const std::filesystem::path& path, std::vector<Image> frames, Rate rate);

/// "FFmpeg 5.1.9 (libavcodec 59.37.100)", "OpenCV 4.6.0": for --version and run.json.
std::string ffmpeg_version();
std::string opencv_version();

}  // namespace stgmamba::media
