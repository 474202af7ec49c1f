// SPDX-License-Identifier: MIT
// The generator of MDVS (mdvs-and-metrics A4, MDVS model/pose_generator_norm.py): row S1-1. Same parameter names.
#pragma once

#include <vector>

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/dropout.h>

#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/nn/audio_encoder.hpp"

namespace stgmamba::models {

struct MdvsConfig {
  std::int64_t width = 1024;         // of the residual blocks; 1024 is MDVS, less is row S1-1s
  double dropout = 0.5;              // before the last layer
  std::string audio_scale = "unit";  // unit: [-1, 1]; int16: MDVS's raw range
  MusicConfig music;
  NoiseConfig noise{.mode = "frame"};
};
void read(config::Section section, MdvsConfig& config);

/// x + [Linear, BatchNorm, ReLU, Linear, BatchNorm, ReLU](x) over rows [B F, width].
class ResidualLinearImpl : public torch::nn::Module {
 public:
  explicit ResidualLinearImpl(std::int64_t width);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  std::vector<torch::nn::Linear> linears_;
  std::vector<torch::nn::BatchNorm1d> norms_;
};
TORCH_MODULE(ResidualLinear);

class MdvsPoseImpl : public torch::nn::Module {
 public:
  explicit MdvsPoseImpl(const MdvsConfig& config);
  torch::Tensor forward(const torch::Tensor& tokens, const torch::Tensor& noise);

 private:
  torch::nn::GRU rnn_noise_{nullptr};
  torch::nn::Linear layer0_{nullptr}, final_linear_{nullptr};
  ResidualLinear layer1_{nullptr}, layer2_{nullptr}, layer3_{nullptr};
  torch::nn::Dropout dropout_{nullptr};
};
TORCH_MODULE(MdvsPose);

class MdvsGenerator : public PoseGenerator {
 public:
  explicit MdvsGenerator(const MdvsConfig& config);
  torch::Tensor encode(const torch::Tensor& audio) override;
  torch::Tensor decode(const torch::Tensor& tokens, const torch::Tensor& noise) override;
  void set_median_pose(const torch::Tensor& pose) override;  // MDVS starts from PyTorch's defaults: does nothing

 private:
  nn::AudioEncoder audio_encoder_{nullptr};
  MdvsPose pose_generator_{nullptr};
};

}  // namespace stgmamba::models
