// SPDX-License-Identifier: MIT
// Pixels as files hold them, whole numbers 0..255, and as networks see them, [-1, 1].
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::nn {

/// A network's pictures in [-1, 1] as uint8, of any shape: round(127.5 (x + 1)), clamped. Truncation would darken them
/// by half a level.
at::Tensor to_bytes(const at::Tensor& pictures);
/// uint8 pictures in [-1, 1], float32.
at::Tensor to_unit(const at::Tensor& pictures);

}  // namespace stgmamba::nn
