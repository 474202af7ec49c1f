// SPDX-License-Identifier: MIT
// Autograd around kernels that take a whole GatedNormForward or GatedNormBackward: the same for every device.
#pragma once

#include "stgmamba/ops/gated_norm.hpp"

#include "block/problem.hpp"

namespace stgmamba::ops {

/// The kernels of one device. Pointers inside the problems are on that device.
struct GatedNormLaunch {
  void (*forward)(const kernels::GatedNormForward& problem);
  void (*backward)(const kernels::GatedNormBackward& problem);
};

/// gated_norm by `launch`, which must outlive every graph made here.
at::Tensor kernel_gated_norm(const std::vector<GatedNormBranch>& branches, const std::vector<at::Tensor>& gates,
                             double epsilon, const GatedNormLaunch& launch);

#ifdef STG_HAVE_CUDA
/// On the current stream of y's device.
at::Tensor cuda_gated_norm(const std::vector<GatedNormBranch>& branches, const std::vector<at::Tensor>& gates,
                           double epsilon);
#endif

}  // namespace stgmamba::ops
