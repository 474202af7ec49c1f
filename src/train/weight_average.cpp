// SPDX-License-Identifier: MIT
#include "weight_average.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::train {

namespace {

constexpr double kWarmUp = 10.0;  // steps

}  // namespace

WeightAverage::WeightAverage(std::shared_ptr<torch::nn::Module> network, std::shared_ptr<torch::nn::Module> average,
                             double decay)
    : network_(std::move(network)), average_(std::move(average)), decay_(decay) {
  STG_CHECK(decay > 0 && decay < 1, "[WeightAverage] decay must lie between 0 and 1, got {}", decay);
  average_->eval();
  for (torch::Tensor& parameter : average_->parameters()) {
    parameter.requires_grad_(false);
  }
}

void WeightAverage::update(std::int64_t step) {
  const torch::NoGradGuard no_gradients;
  const double progress = static_cast<double>(step);
  const double keep = std::min(decay_, progress / (progress + kWarmUp));
  const auto weights = weights::named_tensors(*network_);
  for (auto& [name, average] : weights::named_tensors(*average_)) {
    torch::Tensor target = average;
    if (keep > 0 && target.is_floating_point()) {
      target.lerp_(weights.at(name), 1.0 - keep);
    } else {
      target.copy_(weights.at(name));
    }
  }
}

}  // namespace stgmamba::train
