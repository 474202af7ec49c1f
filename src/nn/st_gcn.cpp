// SPDX-License-Identifier: MIT
#include "stgmamba/nn/st_gcn.hpp"

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::nn {

StGraphConvImpl::StGraphConvImpl(std::int64_t in, std::int64_t out, std::int64_t partitions) : partitions_(partitions) {
  conv_ = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out * partitions, 1)));
}

torch::Tensor StGraphConvImpl::forward(const torch::Tensor& x, const torch::Tensor& adjacency) {
  STG_CHECK(x.dim() == 4, "[StGraphConv] x must be [N, C, T, V], got {} dimensions", x.dim());
  STG_CHECK(adjacency.dim() == 3 && adjacency.size(0) == partitions_ && adjacency.size(1) == x.size(3),
            "[StGraphConv] adjacency must be [{}, {}, {}]", partitions_, x.size(3), x.size(3));
  const torch::Tensor parts = conv_->forward(x);  // [N, K out, T, V]
  const std::int64_t out = parts.size(1) / partitions_, frames = x.size(2), joints = x.size(3);
  const torch::Tensor rows = parts.reshape({x.size(0), partitions_, out * frames, joints});  // [N, K, out T, V]
  return torch::matmul(rows, adjacency).sum(1).view({x.size(0), out, frames, joints});       // [N, out, T, V]
}

StGcnBlockImpl::StGcnBlockImpl(const StGcnBlockConfig& config) : has_residual_(config.residual) {
  constexpr std::int64_t kFrames = 9;  // of the temporal convolution
  gcn_ = register_module("gcn", StGraphConv(config.in, config.out, config.partitions));
  const auto temporal = torch::nn::Conv2dOptions(config.out, config.out, {kFrames, 1})
                            .stride({config.stride, 1})
                            .padding({kFrames / 2, 0});
  tcn_ = register_module(
      "tcn", torch::nn::Sequential(torch::nn::BatchNorm2d(config.out), torch::nn::ReLU(), torch::nn::Conv2d(temporal),
                                   torch::nn::BatchNorm2d(config.out), torch::nn::Dropout(config.dropout)));
  if (config.residual && (config.in != config.out || config.stride != 1)) {
    const auto skip = torch::nn::Conv2dOptions(config.in, config.out, 1).stride({config.stride, 1});
    residual_ =
        register_module("residual", torch::nn::Sequential(torch::nn::Conv2d(skip), torch::nn::BatchNorm2d(config.out)));
  }
}

torch::Tensor StGcnBlockImpl::forward(const torch::Tensor& x, const torch::Tensor& adjacency) {
  torch::Tensor y = tcn_->forward(gcn_->forward(x, adjacency));
  if (has_residual_) {
    y = y + (residual_ ? residual_->forward(x) : x);
  }
  return torch::relu(y);
}

}  // namespace stgmamba::nn
