// SPDX-License-Identifier: MIT
// What every op asks of its operands before a pointer is taken.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace stgmamba::ops {

std::string text(at::IntArrayRef sizes);  // "[2, 50, 18, 128]"

/// BugError unless x is real, has these sizes and lies on `device`: "[op] name must be [..], got [..]".
void check_operand(const char* op, const char* name, const at::Tensor& x, at::IntArrayRef sizes, at::Device device);

/// BugError unless x is a real, non-empty [B, F, V, D].
void check_tokens(const char* op, const char* name, const at::Tensor& x);

}  // namespace stgmamba::ops
