// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstring>

extern "C" {
#include <libavutil/display.h>
}

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

#include "media/ffmpeg.hpp"

namespace stgmamba::media {
namespace {

/// Quarter turns clockwise that a player gives the picture (phones film sideways and say so).
int quarter_turns(const AVStream& stream) {
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) {
    return 0;
  }
  const double degrees = av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));  // counter-clockwise
  return std::isfinite(degrees) ? static_cast<int>(std::lround(-degrees / 90.0) + 8) % 4 : 0;
}

/// Copies the pixels of an RGB24 picture into `out`, turned.
void copy_turned(const AVFrame& picture, int turns, Image& out) {
  const int width = picture.width;
  const int height = picture.height;
  out.width = turns % 2 == 0 ? width : height;
  out.height = turns % 2 == 0 ? height : width;
  out.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int y = 0; y < out.height; ++y) {
    std::uint8_t* to = out.pixels.data() + static_cast<std::ptrdiff_t>(y) * out.width * 3;
    if (turns == 0) {
      std::memcpy(to, picture.data[0] + static_cast<std::ptrdiff_t>(y) * picture.linesize[0],
                  static_cast<std::size_t>(width) * 3);
      continue;
    }
    for (int x = 0; x < out.width; ++x, to += 3) {
      const int from_x = turns == 1 ? y : turns == 2 ? width - 1 - x : width - 1 - y;
      const int from_y = turns == 1 ? height - 1 - x : turns == 2 ? height - 1 - y : x;
      std::memcpy(to, picture.data[0] + static_cast<std::ptrdiff_t>(from_y) * picture.linesize[0] + from_x * 3, 3);
    }
  }
}

}  // namespace

struct VideoReader::Impl {
  explicit Impl(const std::filesystem::path& file);
  bool decode();
  void prepare();

  std::filesystem::path path;
  ffmpeg::Input input;
  ffmpeg::Handle<AVPacket> packet = ffmpeg::make_packet();
  ffmpeg::Handle<AVFrame> decoded = ffmpeg::make_frame();
  ffmpeg::Handle<AVFrame> rgb;
  ffmpeg::Handle<SwsContext> scaler;
  int scaled_width = 0, scaled_height = 0, scaled_format = -1;  // what the scaler was made for
  VideoInfo info;
  int turns = 0, damaged = 0;
  bool pending = false, warned = false;  // pending: `decoded` holds a frame not handed out yet
  std::int64_t count = 0;
};

VideoReader::Impl::Impl(const std::filesystem::path& file)
    : path(file), input(ffmpeg::open_input(file, AVMEDIA_TYPE_VIDEO)) {
  pending = decode();  // also tells the true size
  if (!pending) {
    throw DataError("{}: the video stream holds no picture that can be decoded", path.string());
  }
  turns = quarter_turns(*input.stream);
  rgb = ffmpeg::make_picture(decoded->width, decoded->height, AV_PIX_FMT_RGB24);
  info.width = turns % 2 == 0 ? rgb->width : rgb->height;
  info.height = turns % 2 == 0 ? rgb->height : rgb->width;
  const AVRational rate = av_guess_frame_rate(input.format.get(), input.stream, nullptr);
  if (rate.num > 0 && rate.den > 0) {
    info.rate = {rate.num, rate.den};
  }
  if (input.stream->duration > 0) {
    info.seconds = static_cast<double>(input.stream->duration) * av_q2d(input.stream->time_base);
  } else if (input.format->duration > 0) {
    info.seconds = static_cast<double>(input.format->duration) / AV_TIME_BASE;
  }
  info.has_audio = av_find_best_stream(input.format.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0) >= 0;
}

bool VideoReader::Impl::decode() {
  return ffmpeg::next_frame(input, packet.get(), decoded.get(), damaged);
}

/// A scaler for the frame at hand; streams may change size or format on the way, the pictures we hand out do not.
void VideoReader::Impl::prepare() {
  if (scaler != nullptr && decoded->width == scaled_width && decoded->height == scaled_height &&
      decoded->format == scaled_format) {
    return;
  }
  scaled_width = decoded->width;
  scaled_height = decoded->height;
  scaled_format = decoded->format;
  scaler.reset(sws_getContext(
      scaled_width, scaled_height, static_cast<AVPixelFormat>(scaled_format), rgb->width, rgb->height, AV_PIX_FMT_RGB24,
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr));
  if (scaler == nullptr) {
    throw DataError("{}: its pixel format {} cannot be read", path.string(), scaled_format);
  }
  int space = decoded->colorspace;
  if (space == AVCOL_SPC_UNSPECIFIED) {  // the players' convention
    space = decoded->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  }
  const int full = decoded->color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(space), full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0,
                           1 << 16, 1 << 16);  // ignored for RGB sources
}

VideoReader::VideoReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
const VideoInfo& VideoReader::info() const {
  return impl_->info;
}

bool VideoReader::next(Image& frame, double& seconds) {
  Impl& s = *impl_;
  if (!s.pending && !s.decode()) {
    if (s.damaged > 0 && !s.warned) {
      s.warned = true;
      util::log().warn("{}: damaged in {} place{}; decoded {} frames", s.path.string(), s.damaged,
                       s.damaged == 1 ? "" : "s", s.count);
    }
    return false;
  }
  s.pending = false;
  s.prepare();
  sws_scale(s.scaler.get(), s.decoded->data, s.decoded->linesize, 0, s.decoded->height, s.rgb->data, s.rgb->linesize);
  copy_turned(*s.rgb, s.turns, frame);
  const std::int64_t time = s.decoded->best_effort_timestamp;
  seconds = time == AV_NOPTS_VALUE
                ? static_cast<double>(s.count) / s.info.rate.value()
                : static_cast<double>(time) * av_q2d(s.input.stream->time_base) - ffmpeg::start_seconds(s.input);
  ++s.count;
  return true;
}

}  // namespace stgmamba::media
