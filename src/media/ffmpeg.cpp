// SPDX-License-Identifier: MIT
#include "media/ffmpeg.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

namespace stgmamba::media {
namespace ffmpeg {
namespace {

void log_line(void* source, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) {
    return;
  }
  char text[512];
  int prefix = 1;
  av_log_format_line2(source, level, format, arguments, text, sizeof(text), &prefix);
  std::string line = text;
  line.erase(std::remove(line.begin(), line.end(), '\n'), line.end());
  util::log().debug("ffmpeg: {}", line);
}

}  // namespace

void redirect_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(log_line); });
}

std::string error_text(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

std::string url_of(const std::filesystem::path& path) {
  return "file:" + path.string();
}

Handle<AVFrame> make_frame() {
  Handle<AVFrame> frame(av_frame_alloc());
  if (frame == nullptr) {
    throw std::bad_alloc();
  }
  return frame;
}

Handle<AVPacket> make_packet() {
  Handle<AVPacket> packet(av_packet_alloc());
  if (packet == nullptr) {
    throw std::bad_alloc();
  }
  return packet;
}

Handle<AVFrame> make_picture(int width, int height, AVPixelFormat format) {
  Handle<AVFrame> frame = make_frame();
  frame->width = width;
  frame->height = height;
  frame->format = format;
  if (av_frame_get_buffer(frame.get(), 0) < 0) {
    throw std::bad_alloc();
  }
  return frame;
}

void fill_picture(const Image& image, AVFrame* picture) {
  if (av_frame_make_writable(picture) < 0) {  // an encoder or filter may still hold the last one
    throw std::bad_alloc();
  }
  const std::size_t row = static_cast<std::size_t>(image.width) * 3;
  for (int y = 0; y < image.height; ++y) {
    std::memcpy(picture->data[0] + static_cast<std::ptrdiff_t>(y) * picture->linesize[0],
                image.pixels.data() + static_cast<std::size_t>(y) * row, row);
  }
}

Input open_input(const std::filesystem::path& path, AVMediaType type) {
  redirect_log();
  const char* kind = type == AVMEDIA_TYPE_AUDIO ? "audio" : "video";
  if (!std::filesystem::exists(path)) {
    throw DataError("{}: no such file", path.string());
  }
  if (std::filesystem::is_directory(path)) {
    throw DataError("{}: a folder, need a media file with {}", path.string(), kind);
  }
  if (std::filesystem::is_regular_file(path) && std::filesystem::file_size(path) == 0) {
    throw DataError("{}: the file is empty", path.string());
  }
  Input input;
  AVFormatContext* format = nullptr;
  int code = avformat_open_input(&format, url_of(path).c_str(), nullptr, nullptr);
  if (code < 0) {
    throw DataError("{}: not a media file that can be read: {}", path.string(), error_text(code));
  }
  input.format.reset(format);
  code = avformat_find_stream_info(format, nullptr);
  const AVCodec* decoder = nullptr;
  const int index = code < 0 ? code : av_find_best_stream(format, type, -1, -1, &decoder, 0);
  if (index < 0 || decoder == nullptr || (format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    throw DataError("{}: has no {} stream that can be decoded", path.string(), kind);
  }
  input.stream = format->streams[index];
  for (unsigned i = 0; i < format->nb_streams; ++i) {  // the other streams are not even parsed
    format->streams[i]->discard = static_cast<int>(i) == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  input.codec.reset(avcodec_alloc_context3(decoder));
  avcodec_parameters_to_context(input.codec.get(), input.stream->codecpar);
  input.codec->pkt_timebase = input.stream->time_base;  // lets the decoder drop priming samples exactly
  // A few threads: each holds a frame of its own, and more gain nothing at dance video sizes.
  input.codec->thread_count = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
  code = avcodec_open2(input.codec.get(), decoder, nullptr);
  if (code < 0) {
    throw DataError("{}: the {} stream cannot be decoded: {}", path.string(), kind, error_text(code));
  }
  return input;
}

bool next_frame(Input& input, AVPacket* packet, AVFrame* frame, int& damaged) {
  for (;;) {
    const int received = avcodec_receive_frame(input.codec.get(), frame);
    if (received == 0) {
      return true;
    }
    if (received == AVERROR_EOF) {
      return false;
    }
    if (received != AVERROR(EAGAIN)) {
      ++damaged;
      continue;
    }
    av_packet_unref(packet);
    const int read = av_read_frame(input.format.get(), packet);
    if (read < 0) {
      damaged += read != AVERROR_EOF ? 1 : 0;
      avcodec_send_packet(input.codec.get(), nullptr);  // drain
    } else if (packet->stream_index == input.stream->index) {
      const bool torn = (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
      damaged += avcodec_send_packet(input.codec.get(), packet) < 0 || torn ? 1 : 0;
    }
  }
}

double start_seconds(const Input& input) {
  const std::int64_t start = input.format->start_time;
  return start == AV_NOPTS_VALUE ? 0.0 : static_cast<double>(start) / AV_TIME_BASE;
}

}  // namespace ffmpeg

std::string ffmpeg_version() {
  const unsigned v = avcodec_version();
  return fmt::format("FFmpeg {} (libavcodec {}.{}.{})", av_version_info(), v >> 16U, (v >> 8U) & 255U, v & 255U);
}

}  // namespace stgmamba::media
