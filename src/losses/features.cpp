// SPDX-License-Identifier: MIT
#include "stgmamba/losses/features.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::losses {
namespace {

at::Tensor weighted_l1(const char* name, const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real,
                       const std::vector<double>& lambdas) {
  STG_CHECK(fake.size() == lambdas.size() && real.size() == lambdas.size(), "[{}] needs {} maps a side, got {} and {}",
            name, lambdas.size(), fake.size(), real.size());
  at::Tensor sum;
  for (std::size_t i = 0; i < lambdas.size(); ++i) {
    STG_CHECK(fake[i].sizes() == real[i].sizes(), "[{}] map {} must have one shape on both sides", name, i);
    const at::Tensor term = lambdas[i] * (fake[i] - real[i].detach()).abs().mean();
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

}  // namespace

void read(config::Section section, PerceptualConfig& config) {
  section.read("weight", config.weight, {.min = 0});
  section.read("weights", config.weights);
  section.read("width", config.width, {.min = 1.0 / 64, .max = 4});
  section.read("unchecked", config.unchecked);
  if (config.weight > 0 && config.weights.empty()) {
    throw ConfigError(
        "{}: loss.perceptual needs a trained network: set loss.perceptual.weights to a run of task style_classifier "
        "(stg_train --config style_classifier.yaml), or to 'random', or loss.perceptual.weight to 0",
        section.where("weight"));
  }
}

at::Tensor perceptual_loss(const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real) {
  return weighted_l1("perceptual_loss", fake, real, {20.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0});
}

at::Tensor feature_matching_loss(const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real) {
  return weighted_l1("feature_matching_loss", fake, real, {1.0, 1.0, 1.0, 1.0, 1.0, 1.0});
}

at::Tensor mode_seeking_loss(const at::Tensor& first, const at::Tensor& second, const at::Tensor& first_noise,
                             const at::Tensor& second_noise) {
  STG_CHECK(first.sizes() == second.sizes() && first_noise.sizes() == second_noise.sizes(),
            "[mode_seeking_loss] both draws must have one shape, got batches of {} and {}", first.size(0),
            second.size(0));
  constexpr double kFloor = 1e-5;
  const at::Tensor moved = (first - second).abs().flatten(1).mean(1);              // [B]
  const at::Tensor drawn = (first_noise - second_noise).abs().flatten(1).mean(1);  // [B]
  return (moved / drawn.clamp_min(kFloor) + kFloor).reciprocal().mean();
}

}  // namespace stgmamba::losses
