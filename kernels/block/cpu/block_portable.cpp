// SPDX-License-Identifier: MIT
#include "block/cpu/kernels.hpp"
#include "scan/cpu/vec_portable.hpp"

namespace stgmamba::kernels {

const BlockKernels* portable_block_kernels(Scalar io) {
  using portable::Vec;
  switch (io) {
    case Scalar::kFloat32:
      return &kBlockKernels<Vec<float>, float>;
    case Scalar::kFloat64:
      return &kBlockKernels<Vec<double>, double>;
    case Scalar::kBFloat16:
      return &kBlockKernels<Vec<float>, BFloat16>;
    case Scalar::kFloat16:
      return &kBlockKernels<Vec<float>, Float16>;
  }
  return nullptr;
}

}  // namespace stgmamba::kernels
