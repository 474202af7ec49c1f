// SPDX-License-Identifier: MIT
// Graph convolution over the joints of a frame (ST-GCN; stg-mamba "GraphConv1d").
//
//   out[w] = sum_k sum_v (A_k * M_k)[v, w] W_k u[v] + bias
//
// A_k: fixed, column-normalised adjacency of partition k; M_k: learnable edge importance, 1 at the start; W_k: one
// number a channel (depthwise) or a matrix (dense). Optionally a depthwise convolution over 3 frames follows.
#pragma once

#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/ops/graph_mix.hpp"

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
  /// silu(forward(u)): in one pass along the skeleton's edges where that is possible (depthwise, one frame, CPU).
  torch::Tensor activated(const torch::Tensor& u, ops::ScanBackend backend);

 private:
  void list_edges(const std::vector<double>& adjacency, std::int64_t parts);
  torch::Tensor edge_weights() const;  // [E, D]

  bool dense_;
  torch::Tensor adjacency_;                        // [K, V, V] float64, not saved: a constant of the layout
  torch::Tensor weight_, edge_importance_, bias_;  // [K, D] or [K, D, D]; [K, V, V]; [D]
  torch::Tensor temporal_;                         // [D, 3] or undefined
  std::vector<ops::GraphEdge> edges_;              // what is not zero in A_k, by receiver
  torch::Tensor edge_places_;                      // [E] into [K, V, V]
  torch::Tensor edge_partitions_;                  // [E] into K
};
TORCH_MODULE(GraphConv);

}  // namespace stgmamba::nn
