// SPDX-License-Identifier: MIT
// Image metrics against the packages that others use (tests/golden/make_image_metric_golden.py).
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/image_metrics/feature_distance.hpp"
#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/image_metrics/lpips.hpp"
#include "stgmamba/image_metrics/pixels.hpp"
#include "stgmamba/image_metrics/resize.hpp"
#include "stgmamba/io/npz.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/golden_formula.hpp"

namespace stgmamba::image_metrics {
namespace {

class ImageMetricGolden : public ::testing::Test {
 protected:
  ImageMetricGolden() : arrays_(io::read_npz(STG_SOURCE_DIR "/tests/golden/image_metrics.npz")) {}
  at::Tensor tensor(const std::string& name) const { return weights::to_tensor(arrays_.at(name)); }
  double number(const std::string& name) const { return arrays_.at(name).as<double>()[0]; }
  at::Tensor frame(const std::string& name) const { return tensor(name).permute({2, 0, 1}).unsqueeze(0); }

  void expect_close(double got, const std::string& name, double relative) const {
    EXPECT_NEAR(got, number(name), relative * std::abs(number(name))) << name;
  }

  std::map<std::string, io::Array> arrays_;
};

TEST_F(ImageMetricGolden, ResizesOfThreeProjects) {
  const at::Tensor clean = frame("clean");
  for (const auto& [height, width] : {std::pair(59, 21), std::pair(20, 61)}) {
    for (const char* mode : {"pt", "tf", "clean"}) {
      const std::string name = fmt::format("{}_{}x{}", mode, height, width);
      const at::Tensor got = resize(clean, height, width, resize_from_name(mode));
      EXPECT_LT((got[0][1] - tensor(name)).abs().max().item<double>(), 1e-4) << name;
    }
  }
}

TEST_F(ImageMetricGolden, FrechetAndKernelDistances) {
  const at::Tensor a = tensor("features_a"), b = tensor("features_b");
  expect_close(frechet_distance(a, b, Covariance::kUnbiased), "fid", 1e-6);
  expect_close(frechet_by_covariance(a, b, Covariance::kUnbiased), "fid", 1e-6);
  expect_close(frechet_by_rows(a, b, Covariance::kUnbiased), "fid", 1e-6);
  const std::int64_t n = b.size(0);
  const at::Tensor one = torch::zeros({n}, torch::kLong);
  expect_close(KernelDistance(a.narrow(0, 0, n), one, b, one, 1).value(), "kid", 1e-9);
}

TEST_F(ImageMetricGolden, PixelScores) {
  const at::Tensor clean = frame("clean"), noisy = frame("noisy");
  expect_close(l1(clean, noisy).item<double>(), "l1", 1e-12);
  expect_close(psnr(clean, noisy).item<double>(), "psnr", 1e-12);
  expect_close(ssim(clean, noisy).item<double>(), "ssim", 1e-9);
}

TEST_F(ImageMetricGolden, LpipsOfRandomTrunks) {
  const auto unit = [&](const char* name) { return frame(name).to(torch::kDouble) / 127.5 - 1.0; };
  for (const auto& [kind, name] :
       {std::pair(LpipsKind::kAlex, "lpips_alex"), std::pair(LpipsKind::kVgg, "lpips_vgg")}) {
    LpipsTrunk trunk(kind);
    LpipsHeads heads(kind);
    trunk.to(torch::kDouble);
    heads.to(torch::kDouble);
    test::fill(trunk);
    test::fill(heads);
    expect_close(lpips(trunk, heads, unit("clean"), unit("noisy")).item<double>(), name,
                 1e-6);  // the package keeps the trunk's scale in float32
  }
}

}  // namespace
}  // namespace stgmamba::image_metrics
