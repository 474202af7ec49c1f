// SPDX-License-Identifier: MIT
// The STGM block (paper Eq. 1, Fig. 3):
//
//   X = LN(Z),  U = silu(GraphConv(MLP(X))),  G = silu(MLP(X))
//   Y = LN(SG_SSM(U)) G + LN(TGF_SSM(U)) G + LN(TGB_SSM(U)) G,   Z <- Z + MLP(Y)
//
// SG scans the joints of a frame, TGF and TGB the frames of a joint, forward and backward. Without any scan (S1-0)
// Y = LN(U) G.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/nn/graph_conv.hpp"
#include "stgmamba/nn/ssm.hpp"

namespace stgmamba::nn {

struct StgmBlockConfig {
  std::int64_t d = 64;                          // node width
  std::int64_t expand = 2;                      // D = expand * d
  std::int64_t d_state = 16;                    // N
  int mlp = 1;                                  // Linear layers of the in and gate MLPs: 1 or 2
  std::string gate = "shared";                  // shared | per_branch
  bool spatial = true;                          // SG
  bool forward = true;                          // TGF
  bool backward = true;                         // TGB
  std::string spatial_direction = "alternate";  // alternate (odd blocks reversed) | forward | both
  std::string joint_order = "kinematic";        // kinematic | openpose
  std::string temporal_scan = "per_joint";      // per_joint | flattened
  std::string out_mlp = "shared";               // shared | per_branch
  bool residual = true;                         // Z + MLP(Y), else MLP(Y)
  std::string backend = "auto";                 // of the scans and the ops around them: auto | reference | cpu | cuda
  GraphConvConfig graph;
};
/// Reads the keys of `section` (a method's `model:`) that belong to the block.
void read(config::Section section, StgmBlockConfig& config);

class StgmBlockImpl : public torch::nn::Module {
 public:
  StgmBlockImpl(const StgmBlockConfig& config, std::int64_t index);
  torch::Tensor forward(const torch::Tensor& z);  // [B, F, V, d] -> [B, F, V, d]

  struct ScansAlone {
    torch::Tensor u, y;  // [B, F, V, D]
  };
  /// U of this input, a leaf that asks for its gradient, and the sum of the branches' scans of it with their selection
  /// (delta, B, C) held: dy_t / du_s is C_t prod(exp(delta A)) delta_s B_s, channel by channel. For looking at what a
  /// scan carries from node to node.
  ScansAlone scans_alone(const torch::Tensor& z);  // [B, F, V, d]

 private:
  torch::Tensor inner(const torch::Tensor& x);  // U [B, F, V, D] of X [B, F, V, d]
  /// One [B, F, V, D] a branch; `selector` [B, F, V, D] gives delta, B and C.
  std::vector<torch::Tensor> scan(const torch::Tensor& u, const torch::Tensor& selector);
  torch::Tensor combine(const std::vector<torch::Tensor>& branches, const torch::Tensor& x);

  StgmBlockConfig config_;
  std::int64_t index_;
  std::vector<std::string> names_;  // branches in order; {"plain"} without any scan
  torch::nn::LayerNorm norm_{nullptr};
  torch::nn::Sequential in_mlp_{nullptr};
  GraphConv graph_conv_{nullptr};
  std::map<std::string, Ssm> ssms_;
  std::vector<torch::nn::LayerNorm> norms_;   // one a name
  std::vector<torch::nn::Sequential> gates_;  // one, or one a name
  std::vector<torch::nn::Linear> out_mlps_;   // one, or one a name
};
TORCH_MODULE(StgmBlock);

}  // namespace stgmamba::nn
