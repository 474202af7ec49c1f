// SPDX-License-Identifier: MIT
// The scan as a careful PyTorch user writes it: one step at a time over unbind, addcmul and a matrix product, gradients
// by autograd. Slicing with [:, t] instead makes the backward pass quadratic in the length.
#pragma once

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::bench {

/// y [B, F, V, D] of a branch.
inline torch::Tensor fair_loop(const torch::Tensor& u, const ops::ScanBranch& branch) {
  if (branch.axis == ops::ScanAxis::kNodes) {  // the frames of one joint, F V of them
    ops::ScanBranch flat = branch;
    flat.axis = ops::ScanAxis::kFrames;
    for (torch::Tensor* x : {&flat.delta, &flat.b, &flat.c}) {
      *x = x->flatten(1, 2).unsqueeze(2);
    }
    return fair_loop(u.flatten(1, 2).unsqueeze(2), flat).squeeze(2).unflatten(1, {u.size(1), u.size(2)});
  }
  const std::int64_t axis = branch.axis == ops::ScanAxis::kJoints ? 2 : 1;
  const torch::Tensor delta = torch::softplus(branch.delta + branch.delta_bias);
  const auto us = u.unbind(axis);                // [B, .., D] a step
  const auto deltas = delta.unbind(axis);        // [B, .., D]
  const auto inputs = (delta * u).unbind(axis);  // [B, .., D]
  const auto bs = branch.b.unbind(axis);         // [B, .., N]
  const auto cs = branch.c.unbind(axis);         // [B, .., N]
  std::vector<torch::Tensor> ys(us.size());
  torch::Tensor h = torch::zeros({us[0].size(0), us[0].size(1), u.size(3), branch.a.size(1)}, u.options());
  for (std::size_t i = 0; i < us.size(); ++i) {
    const std::size_t t = branch.reverse ? us.size() - 1 - i : i;
    const torch::Tensor decay = torch::exp(deltas[t].unsqueeze(-1) * branch.a);  // [B, .., D, N]
    h = torch::addcmul(decay * h, inputs[t].unsqueeze(-1), bs[t].unsqueeze(-2));
    ys[t] = torch::matmul(h, cs[t].unsqueeze(-1)).squeeze(-1);
  }
  return torch::addcmul(torch::stack(ys, axis), branch.skip, u);
}

/// The same for a branch that visits the joints in an order of its own: the user permutes, and permutes back.
inline torch::Tensor ordered_fair_loop(const torch::Tensor& u, const ops::ScanBranch& branch) {
  if (branch.order.empty()) {
    return fair_loop(u, branch);
  }
  const torch::Tensor order = torch::tensor(branch.order).to(u.device());  // [V]
  ops::ScanBranch permuted = branch;
  for (torch::Tensor* x : {&permuted.delta, &permuted.b, &permuted.c}) {
    *x = x->index_select(2, order);
  }
  return fair_loop(u.index_select(2, order), permuted).index_select(2, order.argsort());
}

}  // namespace stgmamba::bench
