// SPDX-License-Identifier: MIT
#include "stgmamba/nn/ssm.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::nn {
namespace {

using torch::Tensor;
constexpr std::int64_t kWidth = 7, kStates = 3;

TEST(Ssm, StartsAsMamba) {
  torch::manual_seed(1);
  Ssm ssm(33, 400, kStates);  // dt_rank = ceil(33 / 16) = 3
  const auto p = ssm->named_parameters();
  EXPECT_EQ(p["x_proj.weight"].sizes(), (std::vector<std::int64_t>{3 + 2 * kStates, 400}));
  EXPECT_EQ(p["dt_proj.weight"].sizes(), (std::vector<std::int64_t>{400, 3}));
  EXPECT_EQ(p.size(), 5U);  // x_proj has no bias
  for (std::int64_t n = 0; n < kStates; ++n) {
    EXPECT_TRUE(torch::allclose(p["A_log"].select(1, n).exp(), torch::full({400}, n + 1.0)));
  }
  EXPECT_TRUE(torch::equal(p["D"], torch::ones({400})));
  const Tensor dt = torch::softplus(p["dt_proj.bias"]).detach();
  EXPECT_GE(dt.min().item<double>(), 0.999e-3);
  EXPECT_LE(dt.max().item<double>(), 0.1001);
  EXPECT_NEAR(dt.log().mean().item<double>(), std::log(0.01), 0.25);  // log-uniform: the middle is 10^-2
  const double bound = 1.0 / std::sqrt(3.0);
  EXPECT_LE(p["dt_proj.weight"].abs().max().item<double>(), bound);
  EXPECT_GT(p["dt_proj.weight"].abs().max().item<double>(), 0.9 * bound);
}

TEST(Ssm, SplitsItsProjectionAsMambaAndKeepsTheBiasForTheScan) {
  torch::manual_seed(2);
  Ssm ssm(17, kWidth, kStates);  // dt_rank 2
  const auto p = ssm->named_parameters();
  const Tensor u = torch::randn({2, 4, 5, kWidth});
  ASSERT_TRUE(torch::equal(ssm->projection(), p["x_proj.weight"]));
  const Tensor all = torch::matmul(u, p["x_proj.weight"].t());  // [B, F, V, 2 + 2N]
  const ops::ScanBranch branch = ssm->branch(all);
  EXPECT_TRUE(torch::allclose(branch.delta, torch::matmul(all.narrow(-1, 0, 2), p["dt_proj.weight"].t()), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(branch.b, all.narrow(-1, 2, kStates), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(branch.c, all.narrow(-1, 2 + kStates, kStates), 1e-5, 1e-6));
  EXPECT_TRUE(torch::equal(branch.delta_bias, p["dt_proj.bias"]));
  EXPECT_TRUE(torch::equal(branch.a, -p["A_log"].exp()));
  EXPECT_TRUE(torch::equal(branch.skip, p["D"]));
}

}  // namespace
}  // namespace stgmamba::nn
