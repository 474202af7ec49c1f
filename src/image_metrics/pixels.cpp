// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/pixels.hpp"

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::image_metrics {

namespace {

constexpr std::int64_t kWindow = 11;
constexpr double kSigma = 1.5, kK1 = 0.01, kK2 = 0.03, kPeak = 255.0;

void check(const char* what, const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  STG_CHECK(a.dim() == 4 && a.size(1) == 3 && a.sizes() == b.sizes() && a.scalar_type() == torch::kUInt8 &&
                b.scalar_type() == torch::kUInt8,
            "[{}] both must be uint8 [F, 3, H, W], got {} and {}", what, fmt::join(a.sizes(), "x"),
            fmt::join(b.sizes(), "x"));
  STG_CHECK(!mask.defined() || (mask.dim() == 4 && mask.size(0) == a.size(0) && mask.size(1) == 1 &&
                                mask.size(2) == a.size(2) && mask.size(3) == a.size(3)),
            "[{}] mask must be [F, 1, H, W], got {} for {}", what, fmt::join(mask.sizes(), "x"),
            fmt::join(a.sizes(), "x"));
}

/// Mean over pixels and channels of each frame: [F, C, H, W] -> [F].
at::Tensor mean_inside(const at::Tensor& values, const at::Tensor& mask) {
  if (!mask.defined()) {
    return values.mean({1, 2, 3});
  }
  const at::Tensor weight = mask.to(values.options());
  return (values * weight).sum({1, 2, 3}) / (weight.sum({1, 2, 3}) * static_cast<double>(values.size(1)));
}

/// Gaussian mean over every whole window: [F, 3, H, W] -> [F, 3, H - 10, W - 10].
at::Tensor blurred(const at::Tensor& x) {
  const at::Tensor place = torch::arange(kWindow, torch::kDouble) - static_cast<double>(kWindow / 2);
  at::Tensor kernel = torch::exp(-place.square() / (2.0 * kSigma * kSigma));
  kernel = (kernel / kernel.sum()).expand({3, 1, 1, kWindow});
  namespace functional = torch::nn::functional;
  const auto each_channel = functional::Conv2dFuncOptions().groups(3);
  return functional::conv2d(functional::conv2d(x, kernel, each_channel), kernel.transpose(2, 3), each_channel);
}

}  // namespace

at::Tensor l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  check("l1", a, b, mask);
  return mean_inside((a.to(torch::kDouble) - b.to(torch::kDouble)).abs() / 127.5, mask);
}

at::Tensor psnr(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  check("psnr", a, b, mask);
  const at::Tensor error = mean_inside((a.to(torch::kDouble) - b.to(torch::kDouble)).square(), mask);
  return (10.0 * torch::log10(kPeak * kPeak / error)).clamp_max(kPsnrCap);
}

at::Tensor ssim(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask) {
  check("ssim", a, b, mask);
  STG_CHECK(a.size(2) >= kWindow && a.size(3) >= kWindow, "[ssim] sides must be {} pixels or more, got {}x{}", kWindow,
            a.size(3), a.size(2));
  const at::Tensor x = a.cpu().to(torch::kDouble), y = b.cpu().to(torch::kDouble);
  const at::Tensor mx = blurred(x), my = blurred(y);
  const at::Tensor vx = blurred(x * x) - mx * mx, vy = blurred(y * y) - my * my, vxy = blurred(x * y) - mx * my;
  constexpr double kC1 = (kK1 * kPeak) * (kK1 * kPeak), kC2 = (kK2 * kPeak) * (kK2 * kPeak);
  const at::Tensor similarity =
      ((2.0 * mx * my + kC1) * (2.0 * vxy + kC2)) / ((mx * mx + my * my + kC1) * (vx + vy + kC2));
  constexpr std::int64_t kBorder = kWindow / 2;
  return mean_inside(
      similarity,
      mask.defined() ? mask.narrow(2, kBorder, similarity.size(2)).narrow(3, kBorder, similarity.size(3)) : mask);
}

}  // namespace stgmamba::image_metrics
