// SPDX-License-Identifier: MIT
// An exponential moving average of a network's weights:  average <- d average + (1 - d) weights  after every step.
// Adversarial training circles around its goal; the average stands nearer to the middle (stg-mamba, "Objective").
#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>

namespace stgmamba::train {

class WeightAverage {
 public:
  /// `average` is a second network of the same architecture, which only update() and a checkpoint change; it stays in
  /// evaluation mode. Parameters and running statistics are averaged, counters copied.
  WeightAverage(std::shared_ptr<torch::nn::Module> network, std::shared_ptr<torch::nn::Module> average, double decay);
  /// After step `step` (from 0). The first steps count for more, d = min(decay, step / (step + 10)): what the average
  /// began with is forgotten at once, so it is a function of the weights alone.
  void update(std::int64_t step);
  const torch::nn::Module& module() const { return *average_; }
  torch::nn::Module& module() { return *average_; }

 private:
  std::shared_ptr<torch::nn::Module> network_, average_;
  double decay_;
};

}  // namespace stgmamba::train
