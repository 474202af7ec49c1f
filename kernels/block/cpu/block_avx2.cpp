// SPDX-License-Identifier: MIT
#include "block/cpu/kernels.hpp"
#include "scan/cpu/vec_avx2.hpp"

namespace stgmamba::kernels {

const BlockKernels* avx2_block_kernels(Scalar io) {
  using V = avx2::Floats;
  switch (io) {
    case Scalar::kFloat32:
      return &kBlockKernels<V, float>;
    case Scalar::kBFloat16:
      return &kBlockKernels<V, BFloat16>;
    case Scalar::kFloat16:
      return &kBlockKernels<V, Float16>;
    case Scalar::kFloat64:
      break;
  }
  return nullptr;
}

}  // namespace stgmamba::kernels
