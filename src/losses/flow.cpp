// SPDX-License-Identifier: MIT
#include "stgmamba/losses/flow.hpp"

#include <torch/torch.h>

#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::losses {
namespace {

constexpr double kColourError = 0.02;  // squared, summed over RGB
constexpr double kReturnPixels = 1.0;
constexpr double kReturnShare = 0.05;

}  // namespace

at::Tensor flow_confidence(const at::Tensor& current, const at::Tensor& previous, const at::Tensor& flow,
                           const at::Tensor& back) {
  STG_CHECK(current.dim() == 4 && current.sizes() == previous.sizes(),
            "[flow_confidence] both frames must be [N, 3, H, W], got {} and {}", fmt::join(current.sizes(), "x"),
            fmt::join(previous.sizes(), "x"));
  const torch::NoGradGuard no_grad;
  const at::Tensor error = (nn::warp(previous, flow) - current).square().sum(1, /*keepdim=*/true);  // [N, 1, H, W]
  at::Tensor trusted = error.lt(kColourError);
  if (back.defined()) {
    const at::Tensor way = flow.square().sum(1, true).sqrt();                            // [N, 1, H, W]
    const at::Tensor miss = (flow + nn::warp(back, flow)).square().sum(1, true).sqrt();  // [N, 1, H, W]
    trusted = trusted.logical_and(miss.lt(kReturnPixels + kReturnShare * way));
  }
  return trusted.to(current.dtype());
}

at::Tensor masked_l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  STG_CHECK(a.dim() == 4 && a.sizes() == b.sizes() && mask.dim() == 4 && mask.size(0) == a.size(0) &&
                mask.size(1) == 1 && mask.size(2) == a.size(2) && mask.size(3) == a.size(3),
            "[masked_l1] a and b must be [N, C, H, W] and mask [N, 1, H, W], got {}, {} and {}",
            fmt::join(a.sizes(), "x"), fmt::join(b.sizes(), "x"), fmt::join(mask.sizes(), "x"));
  return (mask * (a - b)).abs().mean();
}

at::Tensor warp_loss(const at::Tensor& current, const at::Tensor& previous, const at::Tensor& flow,
                     const at::Tensor& confidence) {
  return masked_l1(current, nn::warp(previous, flow).detach(), confidence);
}

}  // namespace stgmamba::losses
