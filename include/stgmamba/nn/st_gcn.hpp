// SPDX-License-Identifier: MIT
// The block of ST-GCN (Yan, Xiong and Lin 2018; mdvs-and-metrics A6): a graph convolution over the joints of a frame,
// then a convolution over nine frames of a joint. Parameter names are the original's.
//
//   g[c, t, w] = sum_k sum_v (W_k x + b_k)[c, t, v] (A_k * M_k)[v, w]
//   y          = ReLU(BN(conv_9x1(ReLU(BN(g)))) + residual(x))
#pragma once

#include <cstdint>

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

namespace stgmamba::nn {

/// K 1x1 convolutions, one a partition, gathered along the graph.
class StGraphConvImpl : public torch::nn::Module {
 public:
  StGraphConvImpl(std::int64_t in, std::int64_t out, std::int64_t partitions);
  /// `x` [N, in, T, V], `adjacency` [K, V, V] (source, receiver) -> [N, out, T, V].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& adjacency);

 private:
  std::int64_t partitions_;
  torch::nn::Conv2d conv_{nullptr};
};
TORCH_MODULE(StGraphConv);

struct StGcnBlockConfig {
  std::int64_t in = 64, out = 64;  // channels
  std::int64_t partitions = 3;     // K
  std::int64_t stride = 1;         // over frames
  bool residual = true;            // identity where shapes agree, else a 1x1 convolution and a norm
  double dropout = 0.0;            // after the temporal convolution
};

class StGcnBlockImpl : public torch::nn::Module {
 public:
  explicit StGcnBlockImpl(const StGcnBlockConfig& config);
  /// `x` [N, in, T, V], `adjacency` [K, V, V], edge importance already in it -> [N, out, ceil(T / stride), V].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& adjacency);

 private:
  bool has_residual_;
  StGraphConv gcn_{nullptr};
  torch::nn::Sequential tcn_{nullptr}, residual_{nullptr};
};
TORCH_MODULE(StGcnBlock);

}  // namespace stgmamba::nn
