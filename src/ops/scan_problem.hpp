// SPDX-License-Identifier: MIT
// From tensors to the pointers and strides of kernels/scan/problem.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/variable.h>

#include "stgmamba/ops/selective_scan.hpp"

#include "scan/problem.hpp"

namespace stgmamba::ops {

/// What of a call is not a tensor.
struct BranchSpec {
  ScanAxis axis = ScanAxis::kFrames;
  bool reverse = false;
  bool has_order = false;
  bool has_first = false;
  bool keep_last = false;
};
struct CallShape {
  std::vector<BranchSpec> branches;
};
std::vector<std::int64_t> to_ints(const CallShape& shape);
CallShape from_ints(const std::vector<std::int64_t>& values);

struct BranchTensors {
  at::Tensor delta, b, c;    // [B, F, V, D], [B, F, V, N]
  at::Tensor a, skip, bias;  // [D, N], [D], [D]
  at::Tensor first;          // [S, D, N] or undefined
  at::Tensor order;          // [V] int32 or undefined
};
struct CallTensors {
  at::Tensor u;  // [B, F, V, D]
  std::vector<BranchTensors> branches;
};
CallTensors unpack(at::TensorList tensors, const CallShape& shape);

/// BugError for a type that no kernel takes.
kernels::Scalar scalar_of(at::ScalarType type);

/// x [B, F, V, C] itself if its tokens are rows of one stride with neighbouring columns, else a copy that is.
at::Tensor tokens_in_rows(const at::Tensor& x);
kernels::Rows rows(const at::Tensor& x);

/// All operands; y and last are left for the caller.
kernels::ScanForward forward_problem(const CallTensors& tensors, const CallShape& shape);

/// Gradients of the branches that are added, in their order, and the problem that fills them.
class BackwardCall {
 public:
  BackwardCall(const CallTensors& tensors, const CallShape& shape);
  void add(std::size_t branch, const at::Tensor& d_y);  // [B, F, V, D]
  /// In the order of the inputs of the call; undefined for branches that were not added.
  torch::autograd::variable_list gradients() const;

  kernels::ScanBackward problem;

 private:
  const CallTensors& tensors_;
  const CallShape& shape_;
  std::vector<at::Tensor> kept_;  // alive until the kernels ran
  at::Tensor d_u_;
  std::vector<BranchTensors> gradients_;
};

}  // namespace stgmamba::ops
