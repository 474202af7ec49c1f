// SPDX-License-Identifier: MIT
#include "stgmamba/ops/selective_scan.hpp"

#include <algorithm>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

#include "ops/backend.hpp"
#include "ops/operands.hpp"

namespace stgmamba::ops {
namespace {

constexpr const char* kOp = "selective_scan";

void check_branch(const at::Tensor& u, const ScanBranch& branch) {
  const std::int64_t batch = u.size(0);
  const std::int64_t frames = u.size(1);
  const std::int64_t joints = u.size(2);
  const std::int64_t channels = u.size(3);
  STG_CHECK(branch.a.defined() && branch.a.dim() == 2, "[selective_scan] a must be [D, N]");
  const std::int64_t states = branch.a.size(1);
  check_operand(kOp, "delta", branch.delta, u.sizes(), u.device());
  check_operand(kOp, "b", branch.b, {batch, frames, joints, states}, u.device());
  check_operand(kOp, "c", branch.c, {batch, frames, joints, states}, u.device());
  check_operand(kOp, "a", branch.a, {channels, states}, u.device());
  check_operand(kOp, "skip", branch.skip, {channels}, u.device());
  check_operand(kOp, "delta_bias", branch.delta_bias, {channels}, u.device());
  if (branch.initial_state.defined()) {
    const std::int64_t rows = branch.axis == ScanAxis::kJoints   ? batch * frames
                              : branch.axis == ScanAxis::kFrames ? batch * joints
                                                                 : batch;
    check_operand(kOp, "initial_state", branch.initial_state, {rows, channels, states}, u.device());
  }
  if (!branch.order.empty()) {
    std::vector<std::int64_t> sorted = branch.order;
    std::sort(sorted.begin(), sorted.end());
    bool whole = static_cast<std::int64_t>(sorted.size()) == joints;
    for (std::size_t i = 0; whole && i < sorted.size(); ++i) {
      whole = sorted[i] == static_cast<std::int64_t>(i);
    }
    STG_CHECK(whole, "[selective_scan] order must hold every joint 0..{} once", joints - 1);
  }
}

}  // namespace

std::vector<ScanOutput> selective_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches,
                                       ScanBackend backend) {
  check_tokens(kOp, "u", u);
  std::int64_t states = 0;
  for (const ScanBranch& branch : branches) {
    check_branch(u, branch);
    states = std::max(states, branch.a.size(1));
  }
  return find_backend(backend, u, states)(u, branches);
}

}  // namespace stgmamba::ops
