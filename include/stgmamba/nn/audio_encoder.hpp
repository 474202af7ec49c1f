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

/// Five convolutions over one piece: [R, 1, 1600] -> [R, 256]. 258,256 parameters. `width` scales every channel count.
class AudioCodeImpl : public torch::nn::Module {
 public:
  explicit AudioCodeImpl(double width = 1.0);
  torch::Tensor forward(const torch::Tensor& pieces);

 private:
  torch::nn::ModuleList cl_, activations_;
};
TORCH_MODULE(AudioCode);

struct AudioEncoderConfig {
  bool music_gru = true;
  double input_scale = 1.0;   // of what is heard; 32768 for MDVS's raw int16 range
  std::int64_t features = 0;  // n > 0: [B, F, n] is heard instead of samples; Linear n -> 256, BatchNorm and Tanh a
                              // frame take the convolutions' place
  double width = 1.0;         // scales the token and everything before it
};

/// H_0 = Linear(BiGRU(code(M))): [B, F, 1600] -> [B, F, 256]. 2,361,808 parameters; without the GRU (rows S1-0g, S1-6g)
/// a Linear 256 -> 256 a frame takes its place.
class AudioEncoderImpl : public torch::nn::Module {
 public:
  explicit AudioEncoderImpl(const AudioEncoderConfig& config);
  /// `audio` [B, F, 1600] in [-1, 1], or [B, F, n].
  torch::Tensor forward(const torch::Tensor& audio);

 private:
  double input_scale_;
  std::int64_t token_;  // 256 width
  std::int64_t heard_;  // values a frame: 1600 or n
  AudioCode encoder_{nullptr};
  torch::nn::Sequential feature_encoder_{nullptr};
  torch::nn::GRU rnn_{nullptr};
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(AudioEncoder);

}  // namespace stgmamba::nn
