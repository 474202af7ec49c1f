// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/warping.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::image_metrics {
namespace {

/// A smooth texture that slides by (2, -1) px a frame: [F, 3, 64, 72].
at::Tensor sliding(std::int64_t frames) {
  torch::manual_seed(5);
  const at::Tensor coarse = torch::rand({1, 3, 30, 30});
  namespace functional = torch::nn::functional;
  const at::Tensor field = functional::interpolate(coarse, functional::InterpolateFuncOptions()
                                                               .size(std::vector<std::int64_t>{120, 120})
                                                               .mode(torch::kBicubic)
                                                               .align_corners(false));
  std::vector<at::Tensor> all;
  for (std::int64_t t = 0; t < frames; ++t) {
    all.push_back(field[0].slice(1, 10 + t, 74 + t).slice(2, 30 - 2 * t, 102 - 2 * t));
  }
  return (255.0 * torch::stack(all)).round().clamp(0, 255).to(torch::kUInt8);
}

TEST(WarpingError, MotionIsNoFlickerAndBrightnessIs) {
  const at::Tensor moving = sliding(5);
  const at::Tensor errors = warping_error(moving);
  ASSERT_EQ(errors.sizes(), at::IntArrayRef{4});
  EXPECT_LT(errors.max().item<double>(), 0.03);
  EXPECT_GT((moving[1].to(torch::kFloat) - moving[0].to(torch::kFloat)).abs().mean().item<double>() / 127.5, 0.05);
  at::Tensor flickering = moving.clone();
  flickering[2] = (moving[2].to(torch::kFloat) * 0.6 + 60.0).to(torch::kUInt8);
  const at::Tensor flicker = warping_error(flickering);
  EXPECT_GT(flicker[1].item<double>(), 3.0 * errors[1].item<double>());
  EXPECT_EQ(flicker[3].item<double>(), errors[3].item<double>());  // frames 3 and 4 are as they were
}

TEST(WarpingError, StillsAndSingleFrames) {
  const at::Tensor one = sliding(1);
  EXPECT_LT(warping_error(one.expand({3, 3, 64, 72}).contiguous()).max().item<double>(), 1e-5);
  EXPECT_EQ(warping_error(one).numel(), 0);
}

}  // namespace
}  // namespace stgmamba::image_metrics
