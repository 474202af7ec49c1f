// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <torch/nn/module.h>

namespace stgmamba::train {

/// Parameters that want no gradient for a scope: what is computed in it is differentiated by its inputs alone.
class Frozen {
 public:
  explicit Frozen(const torch::nn::Module& module) : parameters_(module.parameters()) { set(false); }
  ~Frozen() { set(true); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  void set(bool wanted) {
    for (torch::Tensor& parameter : parameters_) {
      parameter.requires_grad_(wanted);
    }
  }
  std::vector<torch::Tensor> parameters_;
};

}  // namespace stgmamba::train
