// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/pixels.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/image_metrics/resize.hpp"

namespace stgmamba::image_metrics {
namespace {

at::Tensor noise(std::uint64_t seed) {
  torch::manual_seed(seed);
  return torch::randint(0, 256, {2, 3, 17, 23}, torch::kUInt8);
}

TEST(Pixels, EqualFramesAreAsNearAsCanBe) {
  const at::Tensor a = noise(1);
  EXPECT_EQ(l1(a, a).sum().item<double>(), 0.0);
  EXPECT_EQ(psnr(a, a).min().item<double>(), kPsnrCap);
  EXPECT_NEAR(ssim(a, a).min().item<double>(), 1.0, 1e-12);
}

TEST(Pixels, BlackAndWhiteAreAsFarAsCanBe) {
  const at::Tensor black = torch::zeros({1, 3, 16, 16}, torch::kUInt8), white = torch::full_like(black, 255);
  EXPECT_NEAR(l1(black, white).item<double>(), 2.0, 1e-12);
  EXPECT_NEAR(psnr(black, white).item<double>(), 0.0, 1e-12);
  EXPECT_LT(ssim(black, white).item<double>(), 1e-3);
}

TEST(Pixels, OnlyWhatTheMaskShowsCounts) {
  const at::Tensor a = noise(2);
  at::Tensor b = a.clone();
  b.slice(3, 0, 6).fill_(0);  // the left edge differs
  at::Tensor mask = torch::zeros({2, 1, 17, 23});
  mask.slice(3, 12).fill_(1.0);
  EXPECT_GT(l1(a, b).min().item<double>(), 0.0);
  EXPECT_EQ(l1(a, b, mask).max().item<double>(), 0.0);
  EXPECT_EQ(psnr(a, b, mask).min().item<double>(), kPsnrCap);
  EXPECT_NEAR(ssim(a, b, mask).min().item<double>(), 1.0, 1e-12);  // windows of the mask's middle see no difference
  EXPECT_LT(ssim(a, b).max().item<double>(), 0.95);
  mask[0].zero_();
  EXPECT_TRUE(std::isnan(l1(a, b, mask)[0].item<double>()));
  EXPECT_EQ(l1(a, b, mask)[1].item<double>(), 0.0);
}

TEST(Frames, PicturesThereAndBack) {
  media::Image picture(5, 3);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = static_cast<std::uint8_t>(5 * i);
  }
  const at::Tensor frames = to_frames({picture, media::Image(5, 3)});
  EXPECT_EQ(frames.sizes(), (at::IntArrayRef{2, 3, 3, 5}));
  EXPECT_EQ(frames[0][1][2][4].item<int>(), 5 * ((2 * 5 + 4) * 3 + 1));  // green of the last pixel
  EXPECT_EQ(to_picture(frames[0]).pixels, picture.pixels);
}

TEST(Frames, BatchesAreFilledUpAndCutAgain) {
  const at::Tensor x = torch::arange(14, torch::kFloat).view({7, 2});
  std::vector<std::int64_t> sizes;
  const at::Tensor doubled = in_batches(x, 3, [&](const at::Tensor& part) {
    sizes.push_back(part.size(0));
    return part * 2;
  });
  EXPECT_TRUE(torch::equal(doubled, x * 2));
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{3, 3, 3}));
}

TEST(ResizeTest, ConstantPicturesStayConstantAndModesDiffer) {
  torch::manual_seed(3);
  const at::Tensor flat = torch::full({1, 3, 13, 9}, 77, torch::kUInt8);
  const at::Tensor rough = torch::randint(0, 256, {1, 3, 13, 9}, torch::kUInt8);
  std::vector<at::Tensor> all;
  for (const Resize mode : {Resize::kPt, Resize::kTf, Resize::kClean}) {
    EXPECT_LT((resize(flat, 20, 5, mode) - 77.0).abs().max().item<double>(), 1e-4) << resize_name(mode);
    EXPECT_EQ(resize_from_name(resize_name(mode)), mode);
    all.push_back(resize(rough, 20, 5, mode));
  }
  EXPECT_GT((all[0] - all[1]).abs().max().item<double>(), 1.0);
  EXPECT_GT((all[0] - all[2]).abs().max().item<double>(), 1.0);
}

}  // namespace
}  // namespace stgmamba::image_metrics
