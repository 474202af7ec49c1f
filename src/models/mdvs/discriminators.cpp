// SPDX-License-Identifier: MIT
#include "stgmamba/models/mdvs/discriminators.hpp"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"

#include "models/noise.hpp"

namespace stgmamba::models {
namespace {

constexpr std::int64_t kWindow = 5, kStep = 3;  // frames
constexpr std::int64_t kFewestPoints = 16;      // they are halved four times

std::int64_t scaled(std::int64_t channels, double width) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(channels) * width));
}

HcnConfig hcn(const DiscriminatorConfig& config, std::int64_t frames, bool pooled) {
  const std::int64_t channels = 2 * scaled(32, config.width);
  return {.frames = frames,
          .channels = channels,
          .points = std::max(kFewestPoints, scaled(32, config.width)),
          .pooled = pooled,
          .dropout = config.dropout};
}

HcnConfig frame_hcn(const DiscriminatorConfig& config) {
  HcnConfig out = hcn(config, kWindow, false);
  out.hidden = scaled(256, config.width);
  out.outputs = 1;
  return out;
}

HcnConfig sequence_hcn(const DiscriminatorConfig& config, std::int64_t frames) {
  HcnConfig out = hcn(config, frames, true);
  out.hidden = scaled(512, config.width);
  out.outputs = scaled(nn::kTokenSize, config.width);  // as long as a token, to be stacked with it
  return out;
}

}  // namespace

void read(config::Section section, DiscriminatorConfig& config) {
  section.read("width", config.width, {.min = 1.0 / 32, .max = 4});
  section.read("dropout", config.dropout, {.min = 0, .below = 1});
  section.read("audio_scale", config.audio_scale, {"unit", "int16"});
}

FrameDiscriminatorImpl::FrameDiscriminatorImpl(const DiscriminatorConfig& config) : HcnImpl(frame_hcn(config)) {}

torch::Tensor FrameDiscriminatorImpl::forward(const torch::Tensor& pose) {
  STG_CHECK(pose.dim() == 4 && pose.size(1) >= kWindow, "[FrameDiscriminator] pose must be [B, F >= {}, V, 2]",
            kWindow);
  const torch::Tensor windows = pose.unfold(1, kWindow, kStep).permute({0, 1, 4, 2, 3});  // [B, W, 5, V, 2]
  const torch::Tensor rows = windows.reshape({-1, kWindow, skeleton::kJoints, 2});        // [B W, 5, V, 2]
  return HcnImpl::forward(rows).view({pose.size(0), windows.size(1)});                    // [B, W]
}

AttentionPoolImpl::AttentionPoolImpl(std::int64_t token, double dropout) {
  constexpr std::int64_t kUnits = 20;
  drop_ = register_module("drop", torch::nn::Dropout(dropout));
  ws1_ = register_module("ws1", torch::nn::Linear(torch::nn::LinearOptions(token, kUnits).bias(false)));
  ws2_ = register_module("ws2", torch::nn::Linear(torch::nn::LinearOptions(kUnits, 1).bias(false)));
}

torch::Tensor AttentionPoolImpl::forward(const torch::Tensor& tokens) {
  const torch::Tensor weights =
      torch::softmax(ws2_->forward(torch::tanh(ws1_->forward(drop_->forward(tokens)))), 1);  // [B, F, 1]
  return (weights * tokens).sum(1);                                                          // [B, h]
}

SequenceDiscriminatorImpl::SequenceDiscriminatorImpl(const DiscriminatorConfig& config, std::int64_t frames) {
  const std::int64_t token = scaled(nn::kTokenSize, config.width);
  audio_encoder_ = register_module(
      "audio_encoder",
      nn::AudioEncoder(nn::AudioEncoderConfig{.input_scale = audio_factor(config.audio_scale), .width = config.width}));
  pose_encoder_ = register_module("pose_encoder", Hcn(sequence_hcn(config, frames)));
  attention_ = register_module("attention", AttentionPool(token, config.dropout));
  conv1d_ = register_module("conv1d", torch::nn::Conv1d(torch::nn::Conv1dOptions(2, 1, 2)));
  fc2_ = register_module("fc2", torch::nn::Linear(token - 1, 1));
}

torch::Tensor SequenceDiscriminatorImpl::encode(const torch::Tensor& audio) {
  return audio_encoder_->forward(audio);
}

torch::Tensor SequenceDiscriminatorImpl::score(const torch::Tensor& pose, const torch::Tensor& tokens) {
  STG_CHECK(tokens.dim() == 3 && tokens.size(0) == pose.size(0),
            "[SequenceDiscriminator] tokens must be [{}, F, h], got {} dimensions", pose.size(0), tokens.dim());
  const torch::Tensor both = torch::stack({attention_->forward(tokens), pose_encoder_->forward(pose)}, 1);  // [B, 2, h]
  return fc2_->forward(conv1d_->forward(both).squeeze(1));                                                  // [B, 1]
}

std::vector<torch::Tensor> SequenceDiscriminatorImpl::features(const torch::Tensor& pose) {
  return pose_encoder_->features(pose);
}

}  // namespace stgmamba::models
