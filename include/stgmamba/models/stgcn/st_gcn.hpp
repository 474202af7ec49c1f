// SPDX-License-Identifier: MIT
// ST-GCN as MDVS uses it (mdvs-and-metrics A6): ten blocks over a 2-D dance, a classifier on top. Its features measure
// the pose perceptual loss. Parameter names are the original's, so its published weights load here.
#pragma once

#include <cstdint>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/container/parameterlist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::models {

inline constexpr std::int64_t kStGcnBlocks = 10;

struct StGcnConfig {
  double width = 1.0;         // factor on the channel counts 64, 128, 256
  std::int64_t classes = 16;  // of the classifier
  double dropout = 0.0;       // inside every block but the first
};
/// Reads `width` and `dropout`; the task knows the number of classes.
void read(config::Section section, StGcnConfig& config);

/// 3,078,224 parameters at width 1 and 16 classes. The graph's partition is the published one (`stgcn`), quirk and all.
class StGcnImpl : public torch::nn::Module {
 public:
  explicit StGcnImpl(const StGcnConfig& config);
  /// Class scores [B, classes] of `pose` [B, F, V, 2], MDVS-normalised; any F >= 1.
  torch::Tensor forward(const torch::Tensor& pose);
  /// Outputs of the ten blocks, [B, C, T, V] each; T is F, then half, then a quarter (rounded up).
  std::vector<torch::Tensor> features(const torch::Tensor& pose);

 private:
  torch::nn::BatchNorm1d data_bn_{nullptr};
  torch::nn::ModuleList st_gcn_networks_;
  torch::nn::ParameterList edge_importance_;
  torch::nn::Conv2d fcn_{nullptr};
  torch::Tensor a_;  // [K, V, V], the buffer "A"
};
TORCH_MODULE(StGcn);

}  // namespace stgmamba::models
