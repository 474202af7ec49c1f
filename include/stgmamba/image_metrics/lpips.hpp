// SPDX-License-Identifier: MIT
// LPIPS 0.1 (Zhang et al. 2018; skeleton-to-video D3): a distance between two pictures by the features of a network
// that was trained to name objects. Trunk weights carry torchvision's names, heads those of the lpips package.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/nn/modules/container/sequential.h>

namespace stgmamba::image_metrics {

enum class LpipsKind { kAlex, kVgg };

/// AlexNet or VGG16 up to its fifth stage; parameters features.N.weight and .bias, frozen.
class LpipsTrunk : public torch::nn::Module {
 public:
  explicit LpipsTrunk(LpipsKind kind);
  /// relu1 to relu5 (AlexNet) or relu1_2 to relu5_3 (VGG16) of x [N, 3, H, W] in [-1, 1], which is first brought to the
  /// trunk's own scale. AlexNet needs sides of 31 pixels or more, VGG16 of 16.
  std::vector<torch::Tensor> stages(const torch::Tensor& x);
  LpipsKind kind() const { return kind_; }

 private:
  LpipsKind kind_;
  torch::nn::Sequential features_;
};

/// A non-negative weight a channel and stage: linN.model.1.weight [1, C, 1, 1].
class LpipsHeads : public torch::nn::Module {
 public:
  explicit LpipsHeads(LpipsKind kind);
  const std::vector<torch::Tensor>& weights() const { return weights_; }

 private:
  std::vector<torch::Tensor> weights_;  // references to the parameters
};

/// One distance a pair, [N]: sum over the stages of the mean over pixels of the weighted squared differences of
/// features scaled to length 1. `a` and `b` [N, 3, H, W] in [-1, 1].
torch::Tensor lpips(LpipsTrunk& trunk, const LpipsHeads& heads, const torch::Tensor& a, const torch::Tensor& b);

}  // namespace stgmamba::image_metrics
