// SPDX-License-Identifier: MIT
// The music encoder of MDVS (mdvs-and-metrics A3, MDVS model/audio_encoder.py): 0.1 s pieces of sound to tokens.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/pimpl.h>

namespace stgmamba::nn {

inline constexpr std::int64_t kTokenSize = 256;  // h
inline constexpr std::int64_t kNoiseSize = 10;

/// Five convolutions over one piece: [R, 1, 1600] -> [R, 256]. 258,256 parameters.
class AudioCodeImpl : public torch::nn::Module {
 public:
  AudioCodeImpl();
  torch::Tensor forward(const torch::Tensor& pieces);

 private:
  torch::nn::ModuleList cl_, activations_;
};
TORCH_MODULE(AudioCode);

/// H_0 = Linear(BiGRU(code(M))): [B, F, 1600] -> [B, F, 256]. 2,361,808 parameters; without the GRU (rows S1-0g, S1-6g)
/// a Linear 256 -> 256 a frame takes its place.
/// With `features` = n > 0 it hears [B, F, n] instead of samples, and Linear n -> 256, BatchNorm and Tanh a frame take
/// the convolutions' place.
class AudioEncoderImpl : public torch::nn::Module {
 public:
  AudioEncoderImpl(bool music_gru, double input_scale, std::int64_t features = 0);
  /// `audio` [B, F, 1600] in [-1, 1] or [B, F, n]; multiplied by input_scale first (32768 for MDVS's raw int16 range).
  torch::Tensor forward(const torch::Tensor& audio);

 private:
  double input_scale_;
  std::int64_t heard_;  // values a frame: 1600 or n
  AudioCode encoder_{nullptr};
  torch::nn::Sequential feature_encoder_{nullptr};
  torch::nn::GRU rnn_{nullptr};
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(AudioEncoder);

}  // namespace stgmamba::nn
