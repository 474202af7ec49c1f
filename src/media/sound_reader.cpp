// SPDX-License-Identifier: MIT
#include "media/sound_reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::media {
namespace {

constexpr double kJitter = 0.05;       // seconds; smaller gaps between frames are rounding of the container's clock
constexpr double kLongestGap = 600;    // seconds; a longer one is a broken clock, not silence
constexpr double kEndTolerance = 0.5;  // seconds that a header may overstate the length by

AVChannelLayout layout_of(int channels) {
  AVChannelLayout layout{};
  av_channel_layout_default(&layout, channels);
  return layout;
}

}  // namespace

SoundReader::SoundReader(const std::filesystem::path& path, int rate, int channels, TimeRange range)
    : path_(path),
      input_(ffmpeg::open_input(path, AVMEDIA_TYPE_AUDIO)),
      packet_(ffmpeg::make_packet()),
      frame_(ffmpeg::make_frame()),
      rate_(rate),
      channels_(channels),
      source_channels_(std::max(1, input_.codec->ch_layout.nb_channels)),
      skip_(std::llround(std::max(0.0, range.start) * rate)),
      left_(range.seconds < 0 ? std::numeric_limits<std::int64_t>::max() : std::llround(range.seconds * rate)) {}

bool SoundReader::read(std::vector<float>& out) {
  const std::size_t before = out.size();
  const std::size_t enough = static_cast<std::size_t>(rate_) * static_cast<std::size_t>(channels_);
  while (!drained_ && left_ > 0 && out.size() - before < enough) {
    if (ffmpeg::next_frame(input_, packet_.get(), frame_.get(), damaged_)) {
      take(frame_.get(), out);
    } else {
      convert(nullptr, out);  // what the resampler still holds
      drained_ = true;
    }
  }
  return out.size() > before;
}

void SoundReader::take(AVFrame* frame, std::vector<float>& out) {
  cut_padding(frame);
  keep_time(frame, out);
  if (frame->sample_rate != in_rate_ || frame->ch_layout.nb_channels != in_channels_ || frame->format != in_format_) {
    convert(nullptr, out);  // the stream changed its format on the way
    prepare(frame);
  }
  convert(frame, out);
}

/// Silence for a stream that starts after its file does, and for what damaged packets left out, so that later sound
/// stays where it belongs. Priming is no such case: the decoder has cut it off and moved the frame's time.
void SoundReader::keep_time(const AVFrame* frame, std::vector<float>& out) {
  const double length = static_cast<double>(frame->nb_samples) / frame->sample_rate;
  if (frame->best_effort_timestamp == AV_NOPTS_VALUE) {
    expected_ += length;
    return;
  }
  const double now = static_cast<double>(frame->best_effort_timestamp) * av_q2d(input_.stream->time_base);
  const double gap = now - (first_ ? ffmpeg::start_seconds(input_) : expected_);
  if (gap > (first_ ? 0.5 / rate_ : kJitter) && gap < kLongestGap) {
    append_silence(std::llround(gap * rate_), out);
  }
  first_ = false;
  expected_ = now + length;
}

/// mp4 and mov state where a track ends, inside its last frame; their demuxer drops what comes before the start only.
void SoundReader::cut_padding(AVFrame* frame) const {
  const AVStream& stream = *input_.stream;
  const std::int64_t begin = frame->best_effort_timestamp;
  if (std::strstr(input_.format->iformat->name, "mp4") == nullptr || stream.duration <= 0 ||
      stream.start_time == AV_NOPTS_VALUE || begin == AV_NOPTS_VALUE) {
    return;
  }
  const std::int64_t left =
      av_rescale_q(stream.start_time + stream.duration - begin, stream.time_base, {1, frame->sample_rate});
  if (left > 0 && left < frame->nb_samples) {
    frame->nb_samples = static_cast<int>(left);
  }
}

void SoundReader::prepare(const AVFrame* frame) {
  in_rate_ = frame->sample_rate;
  in_channels_ = frame->ch_layout.nb_channels;
  in_format_ = frame->format;
  AVChannelLayout out = layout_of(channels_);
  // Averaging needs no speaker names, so that unknown or exotic layouts are taken as their plain number of channels.
  const bool average = channels_ == 1 || in_channels_ == 1;
  AVChannelLayout plain = layout_of(in_channels_);
  AVChannelLayout in = average ? plain : frame->ch_layout;
  SwrContext* resampler = nullptr;
  int code = swr_alloc_set_opts2(&resampler, &out, AV_SAMPLE_FMT_FLT, rate_, &in,
                                 static_cast<AVSampleFormat>(in_format_), in_rate_, 0, nullptr);
  resampler_.reset(resampler);
  if (code >= 0 && average) {  // FFmpeg's own downmix weights centre and surrounds
    const std::vector<double> matrix(static_cast<std::size_t>(in_channels_ * channels_), 1.0 / in_channels_);
    code = swr_set_matrix(resampler, matrix.data(), in_channels_);
  }
  code = code < 0 ? code : swr_init(resampler);
  if (code < 0) {
    throw DataError("{}: sound of {} channels at {} Hz cannot be resampled: {}", path_.string(), in_channels_, in_rate_,
                    ffmpeg::error_text(code));
  }
}

void SoundReader::convert(const AVFrame* frame, std::vector<float>& out) {
  if (resampler_ == nullptr) {
    return;
  }
  const int in_count = frame != nullptr ? frame->nb_samples : 0;
  const int room = swr_get_out_samples(resampler_.get(), in_count);
  if (room <= 0) {
    return;
  }
  std::vector<float> buffer(static_cast<std::size_t>(room) * static_cast<std::size_t>(channels_));
  auto* target = reinterpret_cast<std::uint8_t*>(buffer.data());
  const auto** source = frame != nullptr ? const_cast<const std::uint8_t**>(frame->extended_data) : nullptr;
  const int count = swr_convert(resampler_.get(), &target, room, source, in_count);
  if (count > 0) {
    append(buffer.data(), count, out);
  }
}

void SoundReader::append(const float* samples, std::int64_t count, std::vector<float>& out) {
  const std::int64_t size = count * channels_;
  if (const float* bad = std::find_if_not(samples, samples + size, [](float x) { return std::isfinite(x); });
      bad != samples + size) {  // files of floating-point samples can hold them
    throw DataError("{}: samples must be finite numbers, got {} at {:.3f} s; repair or convert the file",
                    path_.string(), *bad, position() + static_cast<double>((bad - samples) / channels_) / rate_);
  }
  produced_ += count;
  const std::int64_t dropped = std::min(skip_, count);
  skip_ -= dropped;
  const std::int64_t taken = std::min(left_, count - dropped);
  left_ -= taken;
  delivered_ += taken;
  const float* begin = samples + dropped * channels_;
  out.insert(out.end(), begin, begin + taken * channels_);
}

void SoundReader::append_silence(std::int64_t count, std::vector<float>& out) {
  const std::vector<float> silence(static_cast<std::size_t>(count * channels_));
  append(silence.data(), count, out);
}

void SoundReader::conclude() const {
  if (delivered_ == 0) {
    if (produced_ == 0) {
      throw DataError("{}: no sound could be decoded ({})", path_.string(),
                      damaged_ > 0 ? "damaged" : "the stream is empty");
    }
    throw DataError("{}: the stretch asked for lies outside the file, which has {:.2f} s", path_.string(), position());
  }
  const AVFormatContext& format = *input_.format;
  const bool stated = format.duration > 0 && format.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
  const double length =
      stated ? static_cast<double>(input_.stream->duration > 0
                                       ? av_rescale_q(input_.stream->duration, input_.stream->time_base, AV_TIME_BASE_Q)
                                       : format.duration) /
                   AV_TIME_BASE
             : 0.0;
  if (drained_ && position() + kEndTolerance < length) {
    util::log().warn("{}: breaks off or has holes: decoded {:.2f} s of the {:.2f} s it states", path_.string(),
                     position(), length);
  } else if (damaged_ > 0) {
    util::log().warn("{}: damaged in {} place{}; decoded {:.2f} s", path_.string(), damaged_, damaged_ == 1 ? "" : "s",
                     position());
  }
}

}  // namespace stgmamba::media
