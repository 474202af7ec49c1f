// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/warping.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/media/flow.hpp"
#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/nn/pixel_values.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::image_metrics {

namespace {

constexpr double kReturnPixels = 1.0, kReturnShare = 0.05;

/// [1, 2, H, W], px.
at::Tensor flow_between(const media::Image& current, const media::Image& previous) {
  std::vector<float> flow = media::optical_flow(current, previous);
  return torch::tensor(flow).view({1, 2, current.height, current.width});
}

}  // namespace

at::Tensor warping_error(const at::Tensor& frames) {
  STG_CHECK(frames.dim() == 4 && frames.size(1) == 3 && frames.scalar_type() == torch::kUInt8,
            "[warping_error] frames must be uint8 [F, 3, H, W], got {}", fmt::join(frames.sizes(), "x"));
  const torch::NoGradGuard no_grad;
  at::Tensor errors = torch::empty({std::max<std::int64_t>(0, frames.size(0) - 1)}, torch::kDouble);
  for (std::int64_t t = 1; t < frames.size(0); ++t) {
    const media::Image now = to_picture(frames[t]), before = to_picture(frames[t - 1]);
    const at::Tensor flow = flow_between(now, before), back = flow_between(before, now);
    const at::Tensor way = flow.square().sum(1, true).sqrt();                            // [1, 1, H, W]
    const at::Tensor miss = (flow + nn::warp(back, flow)).square().sum(1, true).sqrt();  // [1, 1, H, W]
    const at::Tensor followed = miss.lt(kReturnPixels + kReturnShare * way).to(torch::kDouble);
    const at::Tensor moved = nn::warp(nn::to_unit(frames[t - 1]).unsqueeze(0).cpu(), flow);  // [1, 3, H, W]
    const at::Tensor error = (nn::to_unit(frames[t]).cpu() - moved).abs().mean(1, true).to(torch::kDouble);
    errors[t - 1] = (error * followed).sum() / followed.sum();
  }
  return errors;
}

}  // namespace stgmamba::image_metrics
