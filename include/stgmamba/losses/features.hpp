// SPDX-License-Identifier: MIT
// Distances between what a network sees in a generated and in a real dance (mdvs-and-metrics A6, A7). They take the
// maps, not the networks; the real side is detached.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::losses {

/// Config section `loss.perceptual`.
struct PerceptualConfig {
  double weight = 0.0;     // lambda_p; 0 = off
  std::string weights;     // a style_classifier run, checkpoint or .safetensors file; `random`: untrained, by the seed
  double width = 1.0;      // of the network, as it was trained
  bool unchecked = false;  // go on where L_p does not rank real < jittered < limbs swapped
};
void read(config::Section section, PerceptualConfig& config);

/// L_p: sum over the ten blocks of lambda_l mean |fake_l - real_l|, lambda = 20, 5, 1, ..., 1: a scalar.
at::Tensor perceptual_loss(const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real);

/// L_f: the same over the six maps of the sequence discriminator's pose branch, every lambda 1: a scalar.
at::Tensor feature_matching_loss(const std::vector<at::Tensor>& fake, const std::vector<at::Tensor>& real);

/// How alike two draws of one sample are although their noise differs: the mean over samples of
/// 1 / (mean |S_1 - S_2| / mean |z_1 - z_2| + 1e-5) (Mao et al. 2019), a scalar. `first`, `second` [B, F, V, 2];
/// `first_noise`, `second_noise` [B, F, 10]. Not in the paper.
at::Tensor mode_seeking_loss(const at::Tensor& first, const at::Tensor& second, const at::Tensor& first_noise,
                             const at::Tensor& second_noise);

}  // namespace stgmamba::losses
