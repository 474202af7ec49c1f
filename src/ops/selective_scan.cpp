// SPDX-License-Identifier: MIT
#include "stgmamba/ops/selective_scan.hpp"

#include <algorithm>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

#include "ops/backend.hpp"

namespace stgmamba::ops {
namespace {

std::string text(at::IntArrayRef sizes) {
  return fmt::format("[{}]", fmt::join(sizes.begin(), sizes.end(), ", "));
}

void check_shape(const char* name, const at::Tensor& x, at::IntArrayRef wanted) {
  STG_CHECK(x.defined() && x.sizes() == wanted, "[selective_scan] {} must be {}, got {}", name, text(wanted),
            x.defined() ? text(x.sizes()) : "nothing");
}

void check_branch(const at::Tensor& u, const ScanBranch& branch) {
  const std::int64_t batch = u.size(0);
  const std::int64_t frames = u.size(1);
  const std::int64_t joints = u.size(2);
  const std::int64_t channels = u.size(3);
  STG_CHECK(branch.a.defined() && branch.a.dim() == 2, "[selective_scan] a must be [D, N]");
  const std::int64_t states = branch.a.size(1);
  check_shape("delta", branch.delta, u.sizes());
  check_shape("b", branch.b, {batch, frames, joints, states});
  check_shape("c", branch.c, {batch, frames, joints, states});
  check_shape("a", branch.a, {channels, states});
  check_shape("skip", branch.skip, {channels});
  check_shape("delta_bias", branch.delta_bias, {channels});
  if (branch.initial_state.defined()) {
    const std::int64_t rows = branch.axis == ScanAxis::kJoints   ? batch * frames
                              : branch.axis == ScanAxis::kFrames ? batch * joints
                                                                 : batch;
    check_shape("initial_state", branch.initial_state, {rows, channels, states});
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
  STG_CHECK(u.dim() == 4 && u.numel() > 0, "[selective_scan] u must be [B, F, V, D] and not empty, got {}",
            text(u.sizes()));
  STG_CHECK(u.is_floating_point(), "[selective_scan] u must be real, got {}", c10::toString(u.scalar_type()));
  for (const ScanBranch& branch : branches) {
    check_branch(u, branch);
  }
  return find_backend(backend, u)(u, branches);
}

}  // namespace stgmamba::ops
