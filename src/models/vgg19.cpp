// SPDX-License-Identifier: MIT
#include "stgmamba/models/vgg19.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::models {
namespace {

/// Convolutions a stage and their width; a pooling stands between stages. The fifth stage's first closes the trunk.
struct Stage {
  std::int64_t convolutions, width;
};
constexpr Stage kStages[] = {{2, 64}, {2, 128}, {4, 256}, {4, 512}, {1, 512}};
constexpr std::size_t kTaken[] = {1, 6, 11, 20, 29};  // the first ReLU of every stage

}  // namespace

Vgg19::Vgg19() {
  std::int64_t channels = 3;
  for (const Stage& stage : kStages) {
    if (channels > 3) {
      features_->push_back(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2).stride(2)));
    }
    for (std::int64_t i = 0; i < stage.convolutions; ++i) {
      features_->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, stage.width, 3).padding(1)));
      features_->push_back(torch::nn::ReLU());
      channels = stage.width;
    }
  }
  register_module("features", features_);
  for (torch::Tensor& parameter : parameters()) {
    parameter.set_requires_grad(false);
  }
}

std::vector<torch::Tensor> Vgg19::forward(const torch::Tensor& x) {
  STG_CHECK(x.dim() == 4 && x.size(1) == 3 && x.size(2) >= 16 && x.size(3) >= 16,
            "[Vgg19] x must be [N, 3, H, W] with H, W >= 16, got {}", fmt::join(x.sizes(), "x"));
  std::vector<torch::Tensor> taken;
  torch::Tensor h = x;
  std::size_t index = 0;
  for (auto& layer : *features_) {
    h = layer.forward(h);
    if (std::find(std::begin(kTaken), std::end(kTaken), index++) != std::end(kTaken)) {
      taken.push_back(h);
    }
  }
  return taken;
}

}  // namespace stgmamba::models
