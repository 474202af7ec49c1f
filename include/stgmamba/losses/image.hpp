// SPDX-License-Identifier: MIT
// Losses of the skeleton-to-video networks on what multi-scale discriminators return (skeleton-to-video A4, B2, C):
// [scale][stage], the last stage of a scale being its scores. They take features and scores, not networks.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace stgmamba::losses {

using ScaleFeatures = std::vector<std::vector<at::Tensor>>;

/// Least squares of the generator, (D(fake) - 1)^2, averaged over a scale's scores and summed over scales: a scalar.
at::Tensor image_generator_loss(const ScaleFeatures& fake);

/// Least squares of the discriminator, 1/2 ((D(real) - 1)^2 + D(fake)^2), likewise.
at::Tensor image_discriminator_loss(const ScaleFeatures& real, const ScaleFeatures& fake);

/// Sum over scales and over all stages but the last of mean |fake - real|, times 4 / ((stages - 1) scales): a scalar
/// that does not grow with the number of scales. `real` is detached.
at::Tensor image_feature_loss(const ScaleFeatures& fake, const ScaleFeatures& real);

/// Perceptual loss over VGG19's five maps (models/vgg19.hpp), finest first: sum of w_l mean |fake_l - real_l| with
/// w = 1/32, 1/16, 1/8, 1/4, 1: a scalar. The images go in as they are, in [-1, 1]. `real` is detached.
at::Tensor vgg_loss(const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real);

}  // namespace stgmamba::losses
