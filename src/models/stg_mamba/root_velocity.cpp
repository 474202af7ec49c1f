// SPDX-License-Identifier: MIT
#include "root_velocity.hpp"

#include <torch/torch.h>

namespace stgmamba::models {

at::Tensor pose_from_root_velocity(const at::Tensor& said, const at::Tensor& place) {
  const std::int64_t joints = said.size(2);
  const torch::Tensor travelled = (said.narrow(2, kRoot, 1) * kMostRootStep).cumsum(1);  // [B, F, 1, 2]
  const torch::Tensor root = travelled - travelled.mean(1, /*keepdim=*/true) + place;    // [B, F, 1, 2]
  const torch::Tensor before = said.narrow(2, 0, kRoot) + root;                          // [B, F, kRoot, 2]
  const torch::Tensor after = said.narrow(2, kRoot + 1, joints - kRoot - 1) + root;      // [B, F, rest, 2]
  return torch::cat({before, root, after}, 2);
}

}  // namespace stgmamba::models
