// SPDX-License-Identifier: MIT
// Animated GIFs through FFmpeg's own palettegen/paletteuse filters.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

#include "media/ffmpeg.hpp"

extern "C" {
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace stgmamba::media {
namespace {

struct FreeGraph {
  void operator()(AVFilterGraph* p) const { avfilter_graph_free(&p); }
};

void require(int code, const std::filesystem::path& path) {
  if (code < 0) {
    throw ResourceError("{}: cannot write the GIF: {}", path.string(), ffmpeg::error_text(code));
  }
}

class GifFile {
 public:
  GifFile(const std::filesystem::path& path, int width, int height, Rate rate) : path_(path) {
    const std::string url = ffmpeg::url_of(path);
    AVFormatContext* format = nullptr;
    require(avformat_alloc_output_context2(&format, nullptr, "gif", url.c_str()), path);
    format_ = format;
    const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_GIF);
    codec_.reset(avcodec_alloc_context3(encoder));
    codec_->width = width;
    codec_->height = height;
    codec_->pix_fmt = AV_PIX_FMT_PAL8;
    codec_->time_base = {rate.den, rate.num};
    require(avcodec_open2(codec_.get(), encoder, nullptr), path);
    stream_ = avformat_new_stream(format_, nullptr);
    stream_->time_base = codec_->time_base;
    avcodec_parameters_from_context(stream_->codecpar, codec_.get());
    require(avio_open(&format_->pb, url.c_str(), AVIO_FLAG_WRITE), path);
    AVDictionary* flags = nullptr;  // the last frame stays as long as the others, not the muxer's default of 10 ms
    av_dict_set_int(&flags, "final_delay", std::lround(100.0 / rate.value()), 0);
    const int code = avformat_write_header(format_, &flags);
    av_dict_free(&flags);
    require(code, path);
  }
  ~GifFile() {
    avio_closep(&format_->pb);
    avformat_free_context(format_);
  }
  GifFile(const GifFile&) = delete;
  GifFile& operator=(const GifFile&) = delete;

  void encode(const AVFrame* frame) {
    require(avcodec_send_frame(codec_.get(), frame), path_);
    while (avcodec_receive_packet(codec_.get(), packet_.get()) == 0) {
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      packet_->stream_index = 0;
      require(av_interleaved_write_frame(format_, packet_.get()), path_);
      require(format_->pb->error, path_);
    }
  }
  void finish() {
    encode(nullptr);
    require(av_write_trailer(format_), path_);
    avio_flush(format_->pb);
    require(format_->pb->error, path_);
  }

 private:
  std::filesystem::path path_;
  AVFormatContext* format_ = nullptr;
  ffmpeg::Handle<AVCodecContext> codec_;
  ffmpeg::Handle<AVPacket> packet_{av_packet_alloc()};
  AVStream* stream_ = nullptr;
};

}  // namespace

void write_gif(const std::filesystem::path& path, std::vector<Image> frames, Rate rate) {
  STG_CHECK(!frames.empty(), "[write_gif] needs frames");
  ffmpeg::redirect_log();
  const int width = frames[0].width;
  const int height = frames[0].height;
  const std::unique_ptr<AVFilterGraph, FreeGraph> graph(avfilter_graph_alloc());
  const std::string text = fmt::format(
      "buffer=video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect=1/1[in];[in]split[a][b];"
      "[a]palettegen=max_colors=32[p];[b][p]paletteuse=dither=none:diff_mode=rectangle,buffersink",
      width, height, static_cast<int>(AV_PIX_FMT_RGB24), rate.den, rate.num);
  AVFilterInOut* inputs = nullptr;
  AVFilterInOut* outputs = nullptr;
  const int parsed = avfilter_graph_parse2(graph.get(), text.c_str(), &inputs, &outputs);
  avfilter_inout_free(&inputs);
  avfilter_inout_free(&outputs);
  require(parsed, path);
  require(avfilter_graph_config(graph.get(), nullptr), path);
  AVFilterContext* source = graph->filters[0];
  AVFilterContext* sink = graph->filters[graph->nb_filters - 1];
  for (unsigned i = 0; i < graph->nb_filters; ++i) {
    const std::string name = graph->filters[i]->filter->name;
    source = name == "buffer" ? graph->filters[i] : source;
    sink = name == "buffersink" ? graph->filters[i] : sink;
  }
  const ffmpeg::Handle<AVFrame> frame(av_frame_alloc());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    STG_CHECK(frames[i].width == width && frames[i].height == height,
              "[write_gif] frames must be of one size, {}x{}, got {}x{}", width, height, frames[i].width,
              frames[i].height);
    frame->format = AV_PIX_FMT_RGB24;
    frame->width = width;
    frame->height = height;
    require(av_frame_get_buffer(frame.get(), 0), path);
    for (int y = 0; y < height; ++y) {
      std::copy_n(&frames[i].pixels[static_cast<std::size_t>(y * width * 3)], width * 3,
                  frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0]);
    }
    frames[i].pixels = {};
    frame->pts = static_cast<std::int64_t>(i);
    require(av_buffersrc_add_frame(source, frame.get()), path);
  }
  require(av_buffersrc_add_frame(source, nullptr), path);
  util::PendingFile pending(path);
  {
    GifFile file(pending.path(), width, height, rate);
    while (av_buffersink_get_frame(sink, frame.get()) >= 0) {
      file.encode(frame.get());
      av_frame_unref(frame.get());
    }
    file.finish();
  }
  pending.commit();
}

}  // namespace stgmamba::media
