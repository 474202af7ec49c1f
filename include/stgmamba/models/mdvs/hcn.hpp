// SPDX-License-Identifier: MIT
// HCN (Li et al. 2018) as MDVS uses it twice (mdvs-and-metrics A5): a position stream and a motion stream over
// (frames x joints), then joints become channels, then both streams are joined. Parameter names are the original's.
#pragma once

#include <cstdint>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

namespace stgmamba::models {

struct HcnConfig {
  std::int64_t frames = 50;    // T
  std::int64_t channels = 64;  // c: of the first layer; later ones have c/2, c, 2c and 4c
  std::int64_t points = 32;    // features a joint, before joints become channels
  bool pooled = true;          // halve (frames, points) after conv3, conv4 and conv5 as well as after conv6
  std::int64_t hidden = 512, outputs = 256;
  double dropout = 0.5;
};

/// Weights Xavier-uniform, biases 0.
class HcnImpl : public torch::nn::Module {
 public:
  explicit HcnImpl(const HcnConfig& config);
  /// `pose` [N, T, V, 2] -> [N, outputs].
  torch::Tensor forward(const torch::Tensor& pose);
  /// The six maps of feature matching: conv1, conv2, conv3 and conv4 of the position stream, conv5, conv6.
  std::vector<torch::Tensor> features(const torch::Tensor& pose);

 private:
  struct Stream {
    torch::nn::Sequential conv1{nullptr};
    torch::nn::Conv2d conv2{nullptr};
    torch::nn::Sequential conv3{nullptr}, conv4{nullptr};
  };
  Stream make_stream(const HcnConfig& config, const char* suffix);
  std::vector<torch::Tensor> run(Stream& stream, const torch::Tensor& x) const;

  std::int64_t frames_;
  Stream position_, motion_;
  torch::nn::Sequential conv5_{nullptr}, conv6_{nullptr}, fc7_{nullptr};
  torch::nn::Linear fc8_{nullptr};
};
TORCH_MODULE(Hcn);

}  // namespace stgmamba::models
