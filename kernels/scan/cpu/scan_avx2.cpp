// SPDX-License-Identifier: MIT
#include "scan/cpu/kernels.hpp"
#include "scan/cpu/vec_avx2.hpp"

namespace stgmamba::kernels {

const ScanKernels* avx2_kernels(Scalar io) {
  using V = avx2::Floats;
  switch (io) {
    case Scalar::kFloat32:
      return &kScanKernels<V, float>;
    case Scalar::kBFloat16:
      return &kScanKernels<V, BFloat16>;
    case Scalar::kFloat16:
      return &kScanKernels<V, Float16>;
    case Scalar::kFloat64:
      break;
  }
  return nullptr;
}

}  // namespace stgmamba::kernels
