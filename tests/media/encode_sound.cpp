// SPDX-License-Identifier: MIT
#include "media/encode_sound.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <stdexcept>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace stgmamba::media {
namespace {

void require(int code) {
  if (code < 0) {
    throw std::runtime_error("encode_sound failed");
  }
}

void drain(AVCodecContext* codec, AVFormatContext* output, AVPacket* packet) {
  while (avcodec_receive_packet(codec, packet) == 0) {
    av_packet_rescale_ts(packet, codec->time_base, output->streams[0]->time_base);
    require(av_interleaved_write_frame(output, packet));
  }
}

void fill(AVFrame* frame, const TestSound& sound, std::int64_t first) {
  for (int c = 0; c < sound.channels; ++c) {
    auto* plane = reinterpret_cast<float*>(frame->extended_data[c]);
    for (int i = 0; i < frame->nb_samples; ++i) {
      const double since = static_cast<double>(first + i) / sound.rate - sound.click;
      const bool loud = since >= 0 && since < 0.01 && (c == 0 || !sound.left_only);
      plane[i] = loud ? static_cast<float>(0.8 * std::cos(2000 * std::numbers::pi * since)) : 0.0F;
    }
  }
}

}  // namespace

bool encode_sound(const std::filesystem::path& path, const TestSound& sound) {
  const AVCodec* encoder = avcodec_find_encoder_by_name(sound.encoder.c_str());
  if (encoder == nullptr) {
    return false;
  }
  AVFormatContext* output = nullptr;
  require(avformat_alloc_output_context2(&output, nullptr, nullptr, path.c_str()));
  AVCodecContext* codec = avcodec_alloc_context3(encoder);
  codec->sample_rate = sound.rate;
  codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
  codec->bit_rate = 128000;
  codec->time_base = {1, sound.rate};
  codec->flags |= (output->oformat->flags & AVFMT_GLOBALHEADER) != 0 ? AV_CODEC_FLAG_GLOBAL_HEADER : 0;
  av_channel_layout_default(&codec->ch_layout, sound.channels);
  require(avcodec_open2(codec, encoder, nullptr));
  AVStream* stream = avformat_new_stream(output, nullptr);
  stream->time_base = codec->time_base;
  require(avcodec_parameters_from_context(stream->codecpar, codec));
  require(avio_open(&output->pb, path.c_str(), AVIO_FLAG_WRITE));
  require(avformat_write_header(output, nullptr));
  AVPacket* packet = av_packet_alloc();
  const auto total = std::llround(sound.seconds * sound.rate);
  const std::int64_t block = codec->frame_size > 0 ? codec->frame_size : 1024;
  for (std::int64_t at = 0; at < total; at += block) {
    AVFrame* frame = av_frame_alloc();
    frame->nb_samples = static_cast<int>(std::min<std::int64_t>(block, total - at));
    frame->format = codec->sample_fmt;
    frame->sample_rate = sound.rate;
    frame->pts = at;
    av_channel_layout_copy(&frame->ch_layout, &codec->ch_layout);
    require(av_frame_get_buffer(frame, 0));
    fill(frame, sound, at);
    require(avcodec_send_frame(codec, frame));
    av_frame_free(&frame);
    drain(codec, output, packet);
  }
  require(avcodec_send_frame(codec, nullptr));
  drain(codec, output, packet);
  require(av_write_trailer(output));
  avio_closep(&output->pb);
  av_packet_free(&packet);
  avcodec_free_context(&codec);
  avformat_free_context(output);
  return true;
}

int sound_channels(const std::filesystem::path& path) {
  AVFormatContext* input = nullptr;
  require(avformat_open_input(&input, path.c_str(), nullptr, nullptr));
  const int index = av_find_best_stream(input, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  const int channels = index < 0 ? 0 : input->streams[index]->codecpar->ch_layout.nb_channels;
  avformat_close_input(&input);
  return channels;
}

}  // namespace stgmamba::media
