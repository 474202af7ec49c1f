// SPDX-License-Identifier: MIT
#include "stgmamba/nn/audio_encoder.hpp"

#include <cmath>

#include "stgmamba/nn/module_calls.hpp"
#include "stgmamba/ops/linear.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::nn {
namespace {

struct Row {
  std::int64_t in, out, kernel, stride, padding;
};
/// mdvs-and-metrics A3; the last convolution spans what is left and has no norm.
constexpr Row kTable[] = {
    {1, 16, 80, 16, 32}, {16, 32, 4, 2, 1}, {32, 64, 4, 2, 1}, {64, 128, 10, 5, 3}, {128, 256, 5, 1, 0}};
constexpr std::int64_t kPiece = 1600;  // r

std::int64_t scaled(std::int64_t channels, double width) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(channels) * width));
}

}  // namespace

AudioCodeImpl::AudioCodeImpl(double width) {
  for (const Row& row : kTable) {
    const std::int64_t in = row.in == 1 ? 1 : scaled(row.in, width), out = scaled(row.out, width);
    cl_->push_back(
        torch::nn::Conv1d(torch::nn::Conv1dOptions(in, out, row.kernel).stride(row.stride).padding(row.padding)));
    if (row.out < kTokenSize) {
      activations_->push_back(torch::nn::Sequential(torch::nn::BatchNorm1d(out), torch::nn::ReLU()));
    } else {
      activations_->push_back(torch::nn::Sequential(torch::nn::Tanh()));
    }
  }
  register_module("cl", cl_);
  register_module("activations", activations_);
}

torch::Tensor AudioCodeImpl::forward(const torch::Tensor& pieces) {
  torch::Tensor x = pieces;  // [R, 1, 1600]
  for (std::size_t i = 0; i + 1 < std::size(kTable); ++i) {
    x = cl_[i]->as<torch::nn::Conv1d>()->forward(x);
    x = activations_[i]->as<torch::nn::Sequential>()->forward(x);
  }
  // The last convolution spans what is left, [R, 128, 5]: a product of rows.
  const auto& last = *cl_[std::size(kTable) - 1]->as<torch::nn::Conv1d>();
  return torch::tanh(ops::linear_rows(x.flatten(1), last.weight.flatten(1), last.bias));  // [R, 256]
}

AudioEncoderImpl::AudioEncoderImpl(const AudioEncoderConfig& config)
    : input_scale_(config.input_scale),
      token_(scaled(kTokenSize, config.width)),
      heard_(config.features > 0 ? config.features : kPiece) {
  if (config.features > 0) {
    feature_encoder_ =
        register_module("feature_encoder", torch::nn::Sequential(torch::nn::Linear(config.features, token_),
                                                                 torch::nn::BatchNorm1d(token_), torch::nn::Tanh()));
  } else {
    encoder_ = register_module("encoder", AudioCode(config.width));
  }
  if (config.music_gru) {
    rnn_ = register_module(
        "rnn",
        torch::nn::GRU(torch::nn::GRUOptions(token_, token_).num_layers(2).bidirectional(true).batch_first(true)));
  }
  fc_ = register_module("fc", torch::nn::Linear(config.music_gru ? 2 * token_ : token_, token_));
}

torch::Tensor AudioEncoderImpl::forward(const torch::Tensor& audio) {
  STG_CHECK(audio.dim() == 3 && audio.size(2) == heard_,
            "[AudioEncoder] audio must be [B, F, {}], got {} dimensions, last {}", heard_, audio.dim(), audio.size(-1));
  const torch::Tensor heard = audio * input_scale_;
  torch::Tensor tokens = feature_encoder_ ? feature_encoder_->forward(heard.reshape({-1, heard_}))  // [B F, 256]
                                          : encoder_->forward(heard.reshape({-1, 1, kPiece}));      // [B F, 256]
  tokens = tokens.view({audio.size(0), audio.size(1), token_});                                     // [B, F, 256]
  if (rnn_) {
    tokens = call(rnn_, tokens);  // [B, F, 512]
  }
  return call(fc_, tokens);  // [B, F, 256]
}

}  // namespace stgmamba::nn
