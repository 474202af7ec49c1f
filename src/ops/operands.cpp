// SPDX-License-Identifier: MIT
#include "ops/operands.hpp"

#include "stgmamba/util/check.hpp"

namespace stgmamba::ops {

std::string text(at::IntArrayRef sizes) {
  return fmt::format("[{}]", fmt::join(sizes.begin(), sizes.end(), ", "));
}

void check_operand(const char* op, const char* name, const at::Tensor& x, at::IntArrayRef sizes, at::Device device) {
  STG_CHECK(x.defined() && x.sizes() == sizes, "[{}] {} must be {}, got {}", op, name, text(sizes),
            x.defined() ? text(x.sizes()) : "nothing");
  STG_CHECK(x.device() == device, "[{}] {} must be on {}, got one on {}", op, name, device.str(), x.device().str());
  STG_CHECK(x.is_floating_point(), "[{}] {} must be real, got {}", op, name, c10::toString(x.scalar_type()));
}

void check_tokens(const char* op, const char* name, const at::Tensor& x) {
  STG_CHECK(x.defined() && x.dim() == 4 && x.numel() > 0, "[{}] {} must be [B, F, V, D] and not empty, got {}", op,
            name, x.defined() ? text(x.sizes()) : "nothing");
  STG_CHECK(x.is_floating_point(), "[{}] {} must be real, got {}", op, name, c10::toString(x.scalar_type()));
}

}  // namespace stgmamba::ops
