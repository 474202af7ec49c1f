// SPDX-License-Identifier: MIT
// Graph convolution over the joints of a frame (ST-GCN; stg-mamba "GraphConv1d").
//
//   out[w] = sum_k sum_v (A_k * M_k)[v, w] W_k u[v] + bias
//
// A_k: fixed, column-normalised adjacency of partition k; M_k: learnable edge importance, 1 at the start; W_k: one
// number a channel (depthwise) or a matrix (dense). Optionally a depthwise convolution over 3 frames follows.
#pragma once

#include <string>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::nn {

struct GraphConvConfig {
  std::string weights = "depthwise";  // depthwise | dense
  std::string partition = "spatial";  // spatial | stgcn | uniform
  int temporal_kernel = 1;            // frames: 1 (none) or 3
};
void read(config::Section section, GraphConvConfig& config);

class GraphConvImpl : public torch::nn::Module {
 public:
  GraphConvImpl(const GraphConvConfig& config, std::int64_t width);
  torch::Tensor forward(const torch::Tensor& u);  // [B, F, V, D] -> [B, F, V, D]

 private:
  bool dense_;
  torch::Tensor adjacency_;                        // [K, V, V] float64, not saved: a constant of the layout
  torch::Tensor weight_, edge_importance_, bias_;  // [K, D] or [K, D, D]; [K, V, V]; [D]
  torch::Tensor temporal_;                         // [D, 3] or undefined
};
TORCH_MODULE(GraphConv);

}  // namespace stgmamba::nn
