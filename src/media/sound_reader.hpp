// SPDX-License-Identifier: MIT
// Decoded sound as a stream: bounded memory, exact start, any rate and 1 or 2 channels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "stgmamba/media/audio.hpp"

#include "media/ffmpeg.hpp"

namespace stgmamba::media {

class SoundReader {
 public:
  /// `channels` 1 (the average of the source's) or 2 (a mono source gives equal channels). Throws DataError.
  SoundReader(const std::filesystem::path& path, int rate, int channels, TimeRange range);

  /// Appends up to about a second of interleaved samples; false when nothing is left.
  bool read(std::vector<float>& out);
  int source_channels() const { return source_channels_; }
  /// Called after the last read: throws DataError when no sample came, warns when the file is damaged or ends early.
  void conclude() const;

 private:
  void take(AVFrame* frame, std::vector<float>& out);
  void keep_time(const AVFrame* frame, std::vector<float>& out);
  void cut_padding(AVFrame* frame) const;
  void prepare(const AVFrame* frame);
  void convert(const AVFrame* frame, std::vector<float>& out);
  void append(const float* samples, std::int64_t count, std::vector<float>& out);
  void append_silence(std::int64_t count, std::vector<float>& out);
  double position() const { return static_cast<double>(produced_) / rate_; }

  std::filesystem::path path_;
  ffmpeg::Input input_;
  ffmpeg::Handle<AVPacket> packet_;
  ffmpeg::Handle<AVFrame> frame_;
  ffmpeg::Handle<SwrContext> resampler_;
  int rate_, channels_, source_channels_, damaged_ = 0;
  int in_rate_ = 0, in_channels_ = 0, in_format_ = -1;  // what the resampler was made for
  std::int64_t skip_, left_;                            // output samples a channel: still to drop, still to deliver
  std::int64_t produced_ = 0, delivered_ = 0;           // before and after dropping
  double expected_ = 0.0;                               // where the next frame should start, in the file's clock
  bool drained_ = false, first_ = true;
};

}  // namespace stgmamba::media
