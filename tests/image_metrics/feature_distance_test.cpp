// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/feature_distance.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/metrics/frechet.hpp"

namespace stgmamba::image_metrics {
namespace {

constexpr auto kUnbiased = Covariance::kUnbiased;

at::Tensor draws(std::int64_t rows, std::int64_t width, std::uint64_t seed) {
  torch::manual_seed(seed);
  return torch::randn({rows, width}, torch::kDouble).matmul(torch::randn({width, width}, torch::kDouble)) + 0.3;
}

TEST(FrechetOfRows, BothWaysAgreeWhicheverIsCheaper) {
  for (const auto& [n, m, width] : {std::tuple(30, 23, 7), std::tuple(6, 9, 20), std::tuple(12, 40, 15)}) {
    const at::Tensor a = draws(n, width, 1), b = draws(m, width, 2);
    const double rows = frechet_by_rows(a, b, kUnbiased), roots = frechet_by_covariance(a, b, kUnbiased);
    EXPECT_NEAR(rows, roots, 1e-6 * rows) << n << " " << m << " " << width;
    EXPECT_NEAR(rows, frechet_distance(b, a, kUnbiased), 1e-6 * rows);
  }
}

TEST(FrechetOfRows, AgreesWithTheDistanceOfPoses) {
  const at::Tensor a = draws(30, 5, 3), b = draws(25, 5, 4);
  const auto features = [](const at::Tensor& x) {
    return metrics::Features{5, {x.const_data_ptr<double>(), x.const_data_ptr<double>() + x.numel()}};
  };
  EXPECT_NEAR(frechet_distance(a, b, kUnbiased), metrics::frechet_distance(features(a), features(b)), 1e-8);
}

TEST(FrechetOfRows, KnownValues) {
  const at::Tensor a = draws(20, 30, 5);
  EXPECT_NEAR(frechet_distance(a, a, kUnbiased), 0.0, 1e-6);
  const at::Tensor shift = torch::arange(30, torch::kDouble) / 10;
  EXPECT_NEAR(frechet_distance(a, a + shift, kUnbiased), shift.square().sum().item<double>(), 1e-6);
  // Two points each on either axis: covariance 2 and 8 (N - 1) or 1 and 4 (N), means equal: (sqrt - sqrt)^2.
  const at::Tensor narrow = torch::tensor({{-1.0, 0.0}, {1.0, 0.0}}, torch::kDouble), wide = 2.0 * narrow;
  EXPECT_NEAR(frechet_distance(narrow, wide, kUnbiased), 2.0, 1e-12);
  EXPECT_NEAR(frechet_distance(narrow, wide, Covariance::kPopulation), 1.0, 1e-12);
  EXPECT_TRUE(std::isnan(frechet_distance(narrow.narrow(0, 0, 1), wide, kUnbiased)));
}

TEST(FrechetOfRows, AWeightOfTwoIsARowTwice) {
  const at::Tensor a = draws(8, 12, 6), b = draws(7, 12, 7);
  const at::Tensor weight = torch::tensor({2.0, 0.0, 1.0, 1.0, 3.0, 1.0, 0.0, 1.0}, torch::kDouble);
  const at::Tensor repeated = a.repeat_interleave(weight.to(torch::kLong), 0);
  EXPECT_NEAR(frechet_by_rows(a, b, kUnbiased, weight), frechet_by_rows(repeated, b, kUnbiased), 1e-8);
  EXPECT_NEAR(frechet_by_covariance(b, a, kUnbiased, {}, weight), frechet_by_covariance(b, repeated, kUnbiased), 1e-6);
}

TEST(KernelDistanceTest, BlocksAddUpToTheWhole) {
  torch::manual_seed(9);
  const at::Tensor a = torch::randn({2100, 4}, torch::kDouble), b = torch::randn({4097, 4}, torch::kDouble) + 0.1;
  const auto mean = [](const at::Tensor& x, const at::Tensor& y, bool same) {
    const at::Tensor pairs = (x.matmul(y.t()) / 4.0 + 1.0).pow(3);
    const auto n = static_cast<double>(x.size(0)), m = static_cast<double>(y.size(0));
    const at::Tensor sum = same ? pairs.sum() - pairs.diag().sum() : pairs.sum();
    return sum.item<double>() / (same ? n * (n - 1) : n * m);
  };
  const double whole = mean(a, a, true) + mean(b, b, true) - 2 * mean(a, b, false);
  const at::Tensor group_a = torch::zeros({2100}, torch::kLong), group_b = torch::zeros({4097}, torch::kLong);
  EXPECT_NEAR(KernelDistance(a, group_a, b, group_b, 1).value(), whole, 1e-9);
}

TEST(KernelDistanceTest, EqualDistributionsAreNear0AndWeightsPickGroups) {
  torch::manual_seed(8);
  const at::Tensor a = torch::randn({300, 6}, torch::kDouble), b = torch::randn({280, 6}, torch::kDouble);
  const at::Tensor a_group = torch::arange(300) % 3, b_group = torch::arange(280) % 3;
  EXPECT_NEAR(KernelDistance(a, a_group, b, b_group, 3).value(), 0.0, 0.1);
  EXPECT_GT(KernelDistance(a, a_group, b + 1.0, b_group, 3).value(), 0.5);
  const at::Tensor zeros = torch::zeros({100}, torch::kLong);
  const at::Tensor first_a = a.index({a_group == 0}), first_b = b.index({b_group == 0});
  const double alone =
      KernelDistance(first_a, zeros, first_b, torch::zeros({first_b.size(0)}, torch::kLong), 1).value();
  const at::Tensor only_first = torch::tensor({1.0, 0.0, 0.0}, torch::kDouble);
  EXPECT_NEAR(KernelDistance(a, a_group, b, b_group, 3).value(only_first), alone, 1e-9);
}

}  // namespace
}  // namespace stgmamba::image_metrics
