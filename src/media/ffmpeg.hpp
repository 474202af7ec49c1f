// SPDX-License-Identifier: MIT
// Owning handles for FFmpeg's objects, its error codes as text, and opening files for reading.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include "stgmamba/media/image.hpp"

namespace stgmamba::media::ffmpeg {

struct Free {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwrContext* p) const { swr_free(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
template <typename T>
using Handle = std::unique_ptr<T, Free>;

/// FFmpeg's own log goes to our debug log; called before anything else of FFmpeg is.
void redirect_log();
std::string error_text(int code);
/// FFmpeg's name for a local file; without the prefix "a:b.mp3" would be taken for a protocol.
std::string url_of(const std::filesystem::path& path);

Handle<AVFrame> make_frame();
Handle<AVPacket> make_packet();
/// A picture buffer padded as FFmpeg's vector code wants it.
Handle<AVFrame> make_picture(int width, int height, AVPixelFormat format);
/// Copies an image into an RGB24 picture of the same size.
void fill_picture(const Image& image, AVFrame* picture);

/// A file opened for reading one stream of one kind.
struct Input {
  Handle<AVFormatContext> format;
  Handle<AVCodecContext> codec;
  AVStream* stream = nullptr;
};

/// Opens `path` and a decoder for its best stream of `type` (the pictures in a song's tags are no video). Throws
/// DataError naming the file.
Input open_input(const std::filesystem::path& path, AVMediaType type);

/// The next decoded frame of the input; false at the end. Damaged packets are skipped and counted in `damaged`.
bool next_frame(Input& input, AVPacket* packet, AVFrame* frame, int& damaged);

/// Where the file's own clock starts, in seconds: time 0 of sound and pictures alike.
double start_seconds(const Input& input);

}  // namespace stgmamba::media::ffmpeg
