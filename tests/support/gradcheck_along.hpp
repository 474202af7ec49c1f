// SPDX-License-Identifier: MIT
// Gradients along random directions: two evaluations a tensor, for modules too large to go element by element.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::test {

/// Checks <df/dx, direction> against a central difference for every named x (leaf, float64, requires_grad), along
/// `directions` random unit vectors each. `f` returns any tensor; a fixed random projection makes it a number.
inline void gradcheck_along(const std::function<torch::Tensor()>& f,
                            const std::vector<std::pair<std::string, torch::Tensor>>& xs, int directions = 3,
                            double tolerance = 1e-6) {
  const torch::Tensor probe = torch::randn_like(f().detach());
  std::vector<torch::Tensor> inputs;
  for (const auto& [name, x] : xs) {
    inputs.push_back(x);
  }
  const auto grads = torch::autograd::grad({(f() * probe).sum()}, inputs, {}, std::nullopt, false, true);
  const double h = 1e-5;
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    ASSERT_TRUE(grads[i].defined()) << xs[i].first << " has no gradient";
    EXPECT_GT(grads[i].abs().max().item<double>(), 0.0) << xs[i].first;
    torch::Tensor x = xs[i].second;
    const torch::Tensor kept = x.clone();
    for (int k = 0; k < directions; ++k) {
      torch::Tensor direction = torch::randn_like(x);
      direction /= direction.norm();
      x.copy_(kept + h * direction);
      const double up = (f() * probe).sum().item<double>();
      x.copy_(kept - h * direction);
      const double down = (f() * probe).sum().item<double>();
      x.copy_(kept);
      const double numeric = (up - down) / (2 * h);
      const double analytic = (grads[i] * direction).sum().item<double>();
      EXPECT_NEAR(analytic, numeric, tolerance * std::max(1.0, std::abs(numeric))) << xs[i].first;
    }
  }
}

}  // namespace stgmamba::test
