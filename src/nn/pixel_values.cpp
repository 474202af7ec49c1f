// SPDX-License-Identifier: MIT
#include "stgmamba/nn/pixel_values.hpp"

#include <torch/torch.h>

namespace stgmamba::nn {

at::Tensor to_bytes(const at::Tensor& pictures) {
  return pictures.detach().to(torch::kFloat32).add(1.0).mul(127.5).round().clamp(0, 255).to(torch::kUInt8);
}

at::Tensor to_unit(const at::Tensor& pictures) {
  return pictures.to(torch::kFloat32).div(127.5).sub(1.0);
}

}  // namespace stgmamba::nn
