// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/log.hpp"

#include "media/ffmpeg.hpp"
#include "media/sound_reader.hpp"

namespace stgmamba::media {
namespace {

constexpr int kSoundRate = 48000;

struct FreeFilter {
  void operator()(AVBSFContext* p) const { av_bsf_free(&p); }
};

struct FreeOutput {
  void operator()(AVFormatContext* p) const {
    if (p->pb != nullptr) {
      avio_closep(&p->pb);
    }
    avformat_free_context(p);
  }
};

const AVCodec* video_encoder() {
  if (const AVCodec* x264 = avcodec_find_encoder_by_name("libx264")) {
    return x264;
  }
  const AVCodec* other = avcodec_find_encoder(AV_CODEC_ID_H264);
  if (other == nullptr) {
    throw ResourceError("this FFmpeg has no H.264 encoder; install one built with libx264");
  }
  util::log().warn("libx264 is missing; encoding with {} instead", other->name);
  return other;
}

}  // namespace

struct VideoWriter::Impl {
  Impl(const std::filesystem::path& path, const VideoOptions& chosen) : target(path), options(chosen), pending(path) {}

  void open();
  void add_video_stream();
  void add_sound_stream();
  void add_metadata();
  void encode(AVCodecContext* codec, AVStream* stream, const AVFrame* frame);
  /// Encodes sound until `samples` a channel are in; silence once the source has ended.
  void sound_until(std::int64_t samples, bool last);
  void require(int code, const char* what) const;

  std::filesystem::path target;
  VideoOptions options;
  util::PendingFile pending;
  std::unique_ptr<AVFormatContext, FreeOutput> format;
  ffmpeg::Handle<AVCodecContext> video_codec, sound_codec;
  AVStream* video_stream = nullptr;
  AVStream* sound_stream = nullptr;
  ffmpeg::Handle<AVFrame> rgb, picture;
  ffmpeg::Handle<AVPacket> packet = ffmpeg::make_packet();
  std::unique_ptr<AVBSFContext, FreeFilter> anonymise;  // drops the encoder's version, when bit exact
  ffmpeg::Handle<SwsContext> scaler;
  std::optional<SoundReader> sound;
  int channels = 0;
  std::vector<float> waiting;  // decoded, interleaved, not yet encoded
  std::size_t waiting_at = 0;  // first sample of `waiting` still to encode
  std::int64_t encoded = 0, frames = 0;
  bool finished = false;
};

void VideoWriter::Impl::require(int code, const char* what) const {
  if (code < 0) {
    throw ResourceError("{}: cannot {}: {}", target.string(), what, ffmpeg::error_text(code));
  }
}

void VideoWriter::Impl::open() {
  ffmpeg::redirect_log();
  STG_CHECK(options.width > 0 && options.height > 0 && options.width % 2 == 0 && options.height % 2 == 0,
            "[VideoWriter] width and height must be even, got {}x{}", options.width, options.height);
  if (!options.sound.empty()) {
    sound.emplace(options.sound, kSoundRate, 2, options.sound_range);
    channels = std::min(2, sound->source_channels());
    if (channels == 1) {
      sound.emplace(options.sound, kSoundRate, 1, options.sound_range);
    }
    if (!sound->read(waiting)) {
      sound->conclude();  // says why there is nothing to hear
    }
  }
  const std::string url = ffmpeg::url_of(pending.path());
  AVFormatContext* context = nullptr;
  require(avformat_alloc_output_context2(&context, nullptr, "mp4", url.c_str()), "make an mp4");
  format.reset(context);
  add_video_stream();
  if (sound) {
    add_sound_stream();
  }
  add_metadata();
  require(avio_open(&format->pb, url.c_str(), AVIO_FLAG_WRITE), "create the file");
  AVDictionary* flags = nullptr;
  av_dict_set(&flags, "movflags", "+faststart", 0);
  const int code = avformat_write_header(format.get(), &flags);
  av_dict_free(&flags);
  require(code, "write the header");
}

void VideoWriter::Impl::add_video_stream() {
  const AVCodec* encoder = video_encoder();
  video_codec.reset(avcodec_alloc_context3(encoder));
  AVCodecContext* c = video_codec.get();
  c->width = options.width;
  c->height = options.height;
  c->pix_fmt = AV_PIX_FMT_YUV420P;
  c->time_base = {options.rate.den, options.rate.num};
  c->framerate = {options.rate.num, options.rate.den};
  c->gop_size = std::max(1, static_cast<int>(std::lround(2 * options.rate.value())));
  c->colorspace = AVCOL_SPC_BT709;
  c->color_primaries = AVCOL_PRI_BT709;
  c->color_trc = AVCOL_TRC_BT709;
  c->color_range = AVCOL_RANGE_MPEG;
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (options.bit_exact) {
    c->flags |= AV_CODEC_FLAG_BITEXACT;
    c->thread_count = 1;
  }
  av_opt_set_int(c->priv_data, "crf", options.quality, 0);
  av_opt_set(c->priv_data, "preset", "veryfast", 0);
  require(avcodec_open2(c, encoder, nullptr), "start the H.264 encoder");
  video_stream = avformat_new_stream(format.get(), nullptr);
  video_stream->time_base = c->time_base;
  video_stream->avg_frame_rate = c->framerate;
  avcodec_parameters_from_context(video_stream->codecpar, c);
  if (options.bit_exact) {
    AVBSFContext* filter = nullptr;
    require(av_bsf_list_parse_str("filter_units=remove_types=6", &filter), "filter the video");  // 6: SEI
    anonymise.reset(filter);
    avcodec_parameters_copy(filter->par_in, video_stream->codecpar);
    filter->time_base_in = c->time_base;
    require(av_bsf_init(filter), "filter the video");
  }
  rgb = ffmpeg::make_picture(c->width, c->height, AV_PIX_FMT_RGB24);
  picture = ffmpeg::make_picture(c->width, c->height, c->pix_fmt);
  scaler.reset(sws_getContext(c->width, c->height, AV_PIX_FMT_RGB24, c->width, c->height, c->pix_fmt,
                              SWS_BICUBIC | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  sws_setColorspaceDetails(scaler.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);
}

void VideoWriter::Impl::add_sound_stream() {
  const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (encoder == nullptr) {
    throw ResourceError("this FFmpeg has no AAC encoder");
  }
  sound_codec.reset(avcodec_alloc_context3(encoder));
  AVCodecContext* c = sound_codec.get();
  c->sample_rate = kSoundRate;
  c->sample_fmt = AV_SAMPLE_FMT_FLTP;
  av_channel_layout_default(&c->ch_layout, channels);
  c->bit_rate = 96000L * channels;
  c->time_base = {1, kSoundRate};
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | (options.bit_exact ? AV_CODEC_FLAG_BITEXACT : 0);
  require(avcodec_open2(c, encoder, nullptr), "start the AAC encoder");
  sound_stream = avformat_new_stream(format.get(), nullptr);
  sound_stream->time_base = c->time_base;
  avcodec_parameters_from_context(sound_stream->codecpar, c);
}

void VideoWriter::Impl::add_metadata() {
  if (!options.title.empty()) {
    av_dict_set(&format->metadata, "title", options.title.c_str(), 0);
  }
  if (!options.comment.empty()) {
    av_dict_set(&format->metadata, "comment", options.comment.c_str(), 0);
  }
  if (options.bit_exact) {
    format->flags |= AVFMT_FLAG_BITEXACT;
  }
}

void VideoWriter::Impl::encode(AVCodecContext* codec, AVStream* stream, const AVFrame* frame) {
  require(avcodec_send_frame(codec, frame), "encode");
  for (;;) {
    const int code = avcodec_receive_packet(codec, packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) {
      return;
    }
    require(code, "encode");
    if (codec == video_codec.get() && anonymise != nullptr) {  // one packet in, one out
      require(av_bsf_send_packet(anonymise.get(), packet.get()), "filter the video");
      require(av_bsf_receive_packet(anonymise.get(), packet.get()), "filter the video");
    }
    av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
    packet->stream_index = stream->index;
    require(av_interleaved_write_frame(format.get(), packet.get()), "write");
    require(format->pb->error, "write");
  }
}

void VideoWriter::Impl::sound_until(std::int64_t samples, bool last) {
  const int block = sound_codec->frame_size;
  while (encoded < samples && (last || encoded + block <= samples)) {
    const auto count = static_cast<int>(std::min<std::int64_t>(block, samples - encoded));
    const auto wanted = static_cast<std::size_t>(count * channels);
    while (waiting.size() - waiting_at < wanted) {
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(waiting_at));
      waiting_at = 0;
      if (!sound->read(waiting)) {
        waiting.resize(wanted, 0.0F);  // the song has ended before the dance: silence
      }
    }
    const ffmpeg::Handle<AVFrame> frame = ffmpeg::make_frame();
    frame->nb_samples = count;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = kSoundRate;
    av_channel_layout_copy(&frame->ch_layout, &sound_codec->ch_layout);
    require(av_frame_get_buffer(frame.get(), 0), "allocate sound");
    for (int channel = 0; channel < channels; ++channel) {
      auto* plane = reinterpret_cast<float*>(frame->extended_data[channel]);
      for (int i = 0; i < count; ++i) {
        plane[i] = waiting[waiting_at + static_cast<std::size_t>(i * channels + channel)];
      }
    }
    waiting_at += wanted;
    frame->pts = encoded;  // the encoder itself moves its packets earlier by the priming, which becomes the edit list
    encoded += count;
    encode(sound_codec.get(), sound_stream, frame.get());
  }
}

VideoWriter::VideoWriter(const std::filesystem::path& path, const VideoOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {
  impl_->open();
}

VideoWriter::~VideoWriter() = default;
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
std::int64_t VideoWriter::frames() const {
  return impl_->frames;
}

namespace {

std::int64_t sound_samples(std::int64_t frames, Rate rate) {
  return static_cast<std::int64_t>(std::llround(static_cast<double>(frames) / rate.value() * kSoundRate));
}

}  // namespace

void VideoWriter::write(const Image& frame) {
  Impl& it = *impl_;
  STG_CHECK(!it.finished, "[VideoWriter] write() after finish()");
  STG_CHECK(frame.width == it.options.width && frame.height == it.options.height,
            "[VideoWriter] frames must be {}x{}, got {}x{}", it.options.width, it.options.height, frame.width,
            frame.height);
  it.require(av_frame_make_writable(it.picture.get()), "allocate a frame");
  ffmpeg::fill_picture(frame, it.rgb.get());
  sws_scale(it.scaler.get(), it.rgb->data, it.rgb->linesize, 0, frame.height, it.picture->data, it.picture->linesize);
  it.picture->pts = it.frames++;
  it.encode(it.video_codec.get(), it.video_stream, it.picture.get());
  if (it.sound) {
    it.sound_until(sound_samples(it.frames, it.options.rate), false);
  }
}

void VideoWriter::finish() {
  Impl& it = *impl_;
  STG_CHECK(!it.finished && it.frames > 0, "[VideoWriter] finish() needs frames, and comes once");
  if (it.sound) {
    it.sound_until(sound_samples(it.frames, it.options.rate), true);
    it.encode(it.sound_codec.get(), it.sound_stream, nullptr);
    it.sound->conclude();
  }
  it.encode(it.video_codec.get(), it.video_stream, nullptr);
  it.require(av_write_trailer(it.format.get()), "write the index");
  avio_flush(it.format->pb);
  it.require(it.format->pb->error, "write");
  it.require(avio_closep(&it.format->pb), "close the file");
  it.pending.commit();
  it.finished = true;
}

}  // namespace stgmamba::media
