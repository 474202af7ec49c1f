// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/utils.h>

namespace stgmamba::train {

/// A module's mode for a scope (training: dropout and batch statistics), and back as it was.
class ModuleMode {
 public:
  ModuleMode(torch::nn::Module& module, bool training) : module_(module), was_training_(module.is_training()) {
    module_.train(training);
  }
  ~ModuleMode() { module_.train(was_training_); }
  ModuleMode(const ModuleMode&) = delete;
  ModuleMode& operator=(const ModuleMode&) = delete;

 private:
  torch::nn::Module& module_;
  bool was_training_;
};

/// Evaluation mode for a scope, without gradients.
class EvalMode {
 public:
  explicit EvalMode(torch::nn::Module& module) : mode_(module, false) {}

 private:
  ModuleMode mode_;
  torch::NoGradGuard no_grad_;
};

}  // namespace stgmamba::train
