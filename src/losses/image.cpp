// SPDX-License-Identifier: MIT
#include "stgmamba/losses/image.hpp"

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::losses {
namespace {

/// Sum over scales of mean (score - target)^2.
at::Tensor least_squares(const char* name, const ScaleFeatures& features, double target) {
  STG_CHECK(!features.empty(), "[{}] needs at least one scale", name);
  at::Tensor sum;
  for (const std::vector<at::Tensor>& stages : features) {
    STG_CHECK(!stages.empty(), "[{}] a scale needs its scores", name);
    const at::Tensor scale = (stages.back() - target).square().mean();
    sum = sum.defined() ? sum + scale : scale;
  }
  return sum;
}

}  // namespace

at::Tensor image_generator_loss(const ScaleFeatures& fake) {
  return least_squares("image_generator_loss", fake, 1.0);
}

at::Tensor image_discriminator_loss(const ScaleFeatures& real, const ScaleFeatures& fake) {
  return 0.5 *
         (least_squares("image_discriminator_loss", real, 1.0) + least_squares("image_discriminator_loss", fake, 0.0));
}

at::Tensor image_feature_loss(const ScaleFeatures& fake, const ScaleFeatures& real) {
  STG_CHECK(!fake.empty() && fake.size() == real.size(), "[image_feature_loss] {} scales of fakes, {} of reals",
            fake.size(), real.size());
  at::Tensor sum;
  for (std::size_t s = 0; s < fake.size(); ++s) {
    STG_CHECK(fake[s].size() >= 2 && fake[s].size() == real[s].size(),
              "[image_feature_loss] scale {} has {} stages of fakes, {} of reals; at least 2 are needed", s,
              fake[s].size(), real[s].size());
    const double weight = 4.0 / static_cast<double>((fake[s].size() - 1) * fake.size());
    for (std::size_t i = 0; i + 1 < fake[s].size(); ++i) {
      const at::Tensor stage = weight * (fake[s][i] - real[s][i].detach()).abs().mean();
      sum = sum.defined() ? sum + stage : stage;
    }
  }
  return sum;
}

at::Tensor vgg_loss(const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real) {
  constexpr double kWeights[] = {1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0};
  STG_CHECK(fake.size() == std::size(kWeights) && real.size() == std::size(kWeights),
            "[vgg_loss] needs {} maps of each side, got {} and {}", std::size(kWeights), fake.size(), real.size());
  at::Tensor sum;
  for (std::size_t i = 0; i < fake.size(); ++i) {
    const at::Tensor map = kWeights[i] * (fake[i] - real[i].detach()).abs().mean();
    sum = sum.defined() ? sum + map : map;
  }
  return sum;
}

}  // namespace stgmamba::losses
