// SPDX-License-Identifier: MIT
// The 16-bit types of tensors, as bits; every vector type converts them on load and store.
#pragma once

#include <cstdint>

namespace stgmamba::kernels {

struct BFloat16 {
  std::uint16_t bits;
};
struct Float16 {
  std::uint16_t bits;
};

}  // namespace stgmamba::kernels
