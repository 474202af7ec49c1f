// SPDX-License-Identifier: MIT
// Gradients against a golden file that holds their norm and a few evenly spaced elements.
#pragma once

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::test {

inline torch::Tensor golden_tensor(const io::Safetensors& golden, const std::string& name) {
  return weights::to_tensor(golden.tensors.at(name));
}

/// `grad` against "norm.<name>" and "grad.<name>"; `tolerance` is a share of the norm (or of a millionth, for biases
/// that a norm cancels: their gradients are rounding).
inline void expect_gradient(const io::Safetensors& golden, const std::string& name, const torch::Tensor& grad,
                            double tolerance) {
  ASSERT_TRUE(golden.tensors.count("grad." + name)) << "the twin has no gradient " << name;
  const torch::Tensor flat = grad.detach().to(torch::kDouble).reshape({-1});
  const torch::Tensor wanted = golden_tensor(golden, "grad." + name);
  const double norm = golden_tensor(golden, "norm." + name).item<double>();
  const double allowed = tolerance * (norm + 1e-6);
  EXPECT_NEAR(flat.norm().item<double>(), norm, allowed) << name;
  const std::int64_t count = flat.numel(), k = wanted.numel();
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int64_t at = i * (count - 1) / std::max<std::int64_t>(1, k - 1);
    EXPECT_NEAR(flat[at].item<double>(), wanted[i].item<double>(), allowed) << name << " at " << at;
  }
}

/// Gradients of `loss` by every parameter of `module`, under "<prefix>.<parameter>"; those the twin has not must be
/// absent or 0. Returns how many were compared.
inline int expect_parameter_gradients(const io::Safetensors& golden, const std::string& prefix,
                                      const torch::nn::Module& module, const torch::Tensor& loss, double tolerance) {
  const auto parameters = module.named_parameters();
  const auto grads = torch::autograd::grad({loss}, parameters.values(), {}, /*retain_graph=*/true, false, true);
  int compared = 0;
  for (std::size_t i = 0; i < grads.size(); ++i) {
    const std::string name = prefix + "." + parameters[i].key();
    if (golden.tensors.count("grad." + name) > 0) {
      EXPECT_TRUE(grads[i].defined()) << name;
      expect_gradient(golden, name, grads[i].defined() ? grads[i] : torch::zeros(1), tolerance);
      ++compared;
    } else {
      EXPECT_FALSE(grads[i].defined() && grads[i].abs().max().item<double>() > 0) << name;
    }
  }
  return compared;
}

}  // namespace stgmamba::test
