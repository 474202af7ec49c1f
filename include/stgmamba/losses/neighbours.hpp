// SPDX-License-Identifier: MIT
// The forward and backward self-supervised regularisation [paper, Equations 3 to 5; skeleton-to-video B2]. From the
// one-shot frames I_i = G(I_0, S_i) every frame is made once more, from the frame before and from the frame after it:
//
//   Î_i = G(I_{i-1}, S_i), i = 2..F      FSR = mean |I_i - Î_i|
//   Ĩ_i = G(I_{i+1}, S_i), i = 1..F-1    BSR = mean |I_i - Ĩ_i|
//
// The losses know no network: neighbour_pairs says what to ask G for, in one batched call, and neighbour_loss compares.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::losses {

/// Config section `loss.neighbours`. Table 5: fsr, bsr in {0, 10}.
struct NeighbourConfig {
  double fsr = 10.0, bsr = 10.0;          // weights [paper]; 0: that half is not even computed
  bool grad_cond = false;                 // gradients also flow through the conditioning frames [paper_eq: true]
  std::string stop_target = "none";       // none | base: I_i carries no gradient | reg: Î_i and Ĩ_i carry none
  std::string cond_source = "generated";  // generated | real: the true neighbour conditions (not in the paper)
  std::int64_t start_epoch = 0;           // before it both only get logged [paper: 0]; belongs to the trainer
};
void read(config::Section section, NeighbourConfig& config);

/// What to ask the generator for: all forward pairs, sequence by sequence, then all backward pairs.
struct NeighbourPairs {
  at::Tensor condition;  // [N, 3, H, W]; undefined when there is nothing to ask (F = 1, or both weights 0)
  at::Tensor pose;       // [N, P, H, W]
  at::Tensor condition_joints, pose_joints;  // [N, V, 3] of both; undefined without joints
  std::int64_t forward = 0;                  // N = forward + backward; each B (F - 1) or 0
  std::int64_t backward = 0;
};

/// `frames` [B, F, 3, H, W] as G made them from I_0; `real` [B, F, 3, H, W], used by cond_source real alone (may be
/// undefined otherwise); `pose_maps` [B, F, P, H, W]; `joints` [B, F, V, 3] of the same poses, where G asks for them.
NeighbourPairs neighbour_pairs(const NeighbourConfig& config, const at::Tensor& frames, const at::Tensor& real,
                               const at::Tensor& pose_maps, const at::Tensor& joints = {});

struct NeighbourLoss {
  at::Tensor total;     // fsr * FSR + bsr * BSR: a scalar, differentiable; 0 when there are no pairs
  at::Tensor fsr, bsr;  // scalars, unweighted and detached; 0 where they were not computed
};

/// `again` [N, 3, H, W]: what the generator answered to `pairs`; undefined when there were none.
NeighbourLoss neighbour_loss(const NeighbourConfig& config, const NeighbourPairs& pairs, const at::Tensor& frames,
                             const at::Tensor& again);

}  // namespace stgmamba::losses
