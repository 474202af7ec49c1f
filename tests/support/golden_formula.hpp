// SPDX-License-Identifier: MIT
// The formulas that weights and inputs of golden files are made of (tests/golden/make_golden.py), so that the files
// hold only results.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::test {

inline std::uint32_t fnv1a(const std::string& text) {
  std::uint32_t value = 2166136261U;
  for (const char c : text) {
    value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return value;
}

/// centre + scale sin(0.7 i + 0.01 (fnv1a(name) mod 1000)): the script's formula.
inline torch::Tensor formula(const std::string& name, at::IntArrayRef shape, double centre = 0.0, double scale = 1.0) {
  const torch::Tensor index = torch::arange(c10::multiply_integers(shape), torch::kDouble);
  return (centre + scale * torch::sin(0.7 * index + 0.01 * (fnv1a(name) % 1000))).reshape(shape);
}

/// Every parameter and buffer by formula, but counters and the constant graph `A`.
inline void fill(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : weights::named_tensors(module)) {
    const std::string last = name.substr(name.rfind('.') + 1);
    if (last == "num_batches_tracked" || last == "A") {
      continue;
    }
    torch::Tensor value;
    if (last == "A_log") {
      value = torch::arange(1, tensor.size(1) + 1, torch::kDouble).log() + formula(name, tensor.sizes(), 0.0, 0.1);
    } else if (name.ends_with("dt_proj.bias")) {
      value = formula(name, tensor.sizes(), -2.0, 1.0);
    } else if (last == "edge_importance" || last == "D" || last == "running_var" ||
               (last == "weight" && tensor.dim() == 1)) {
      value = formula(name, tensor.sizes(), 1.0, 0.2);
    } else if (tensor.dim() >= 2) {
      value = formula(name, tensor.sizes(), 0.0, 1.0 / std::sqrt(static_cast<double>(tensor[0].numel())));
    } else {
      value = formula(name, tensor.sizes(), 0.0, 0.1);
    }
    tensor.copy_(value);
  }
}

}  // namespace stgmamba::test
