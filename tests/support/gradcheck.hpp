// SPDX-License-Identifier: MIT
// Gradients against central differences in float64.
#pragma once

#include <functional>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::test {

/// Checks d f / d x for every x (leaf, float64, requires_grad). `f` returns any tensor; a fixed random projection makes
/// it a number.
inline void gradcheck(const std::function<torch::Tensor()>& f, const std::vector<torch::Tensor>& xs,
                      double tolerance = 1e-6) {
  const torch::Tensor probe = torch::randn_like(f().detach());
  const torch::Tensor value = (f() * probe).sum();
  const auto grads = torch::autograd::grad({value}, xs, {}, std::nullopt, false, true);
  const double h = 1e-6;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    ASSERT_TRUE(grads[i].defined()) << "input " << i << " has no gradient";
    const torch::NoGradGuard no_grad;
    torch::Tensor flat = xs[i].view({-1});
    for (std::int64_t j = 0; j < flat.numel(); ++j) {
      const double kept = flat[j].item<double>();
      flat[j] = kept + h;
      const double up = (f() * probe).sum().item<double>();
      flat[j] = kept - h;
      const double down = (f() * probe).sum().item<double>();
      flat[j] = kept;
      const double numeric = (up - down) / (2 * h);
      const double analytic = grads[i].reshape({-1})[j].item<double>();
      ASSERT_NEAR(analytic, numeric, tolerance * std::max(1.0, std::abs(numeric)))
          << "input " << i << ", element " << j;
    }
  }
}

}  // namespace stgmamba::test
