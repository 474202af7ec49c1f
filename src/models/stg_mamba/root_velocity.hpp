// SPDX-License-Identifier: MIT
// `model.representation: root_velocity`: the network says how the body is held and how fast its root moves, and the
// root's path is the sum of its velocities. Not in the paper.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::models {

inline constexpr std::int64_t kRoot = skeleton::kNeck;  // the joint that is seen most

/// `said` [B, F, V, 2] in (-1, 1): the root's entry is its velocity in kMostRootStep a frame, every other the joint's
/// offset from the root in MDVS-normalised coordinates. Returns the pose [B, F, V, 2]. The path's mean over the F
/// frames is `place` [2]: music says how a dancer moves, not where on the floor.
at::Tensor pose_from_root_velocity(const at::Tensor& said, const at::Tensor& place);

inline constexpr double kMostRootStep = 0.1;  // 32 px of 640 across, 18 px of 360 up, in a tenth of a second

}  // namespace stgmamba::models
