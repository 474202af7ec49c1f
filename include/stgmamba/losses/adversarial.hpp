// SPDX-License-Identifier: MIT
// What discriminators' logits say: to the generator, to the discriminators themselves, and about their slope. MDVS uses
// binary cross-entropy (mdvs-and-metrics A7); least squares (Mao et al. 2017) and the hinge (Lim and Ye 2017) are not
// in the paper.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::losses {

enum class AdversarialKind { kBce, kLeastSquares, kHinge };

/// Config section `loss.adversarial`.
struct AdversarialConfig {
  double frame = 0.0, sequence = 0.0;  // lambda_adv: weight of each discriminator's verdict on the generator
  std::string kind = "bce";            // bce | least_squares | hinge
  std::int64_t start = 0;              // first step that hears them; the discriminators learn from it on
  std::int64_t ramp = 0;               // steps over which the weights grow linearly from 0
};
void read(config::Section section, AdversarialConfig& config);
AdversarialKind adversarial_kind(const AdversarialConfig& config);

/// Factor on both weights at a 0-based step: 0 before `start`, 1 once the ramp is over. A pure function of the step.
double adversarial_scale(const AdversarialConfig& config, std::int64_t step);

/// How far `logits` (any shape) are from "real": a scalar. BCE(sigmoid, 1), (x - 1)^2 or -x, averaged.
at::Tensor generator_loss(AdversarialKind kind, const at::Tensor& logits);

/// Half of (real called real + the mean over `fakes` of fake called fake): a scalar. The hinge is max(0, 1 -+ x).
at::Tensor discriminator_loss(AdversarialKind kind, const at::Tensor& real, const std::vector<at::Tensor>& fakes);

/// What the gradient penalty differentiates: sigmoid(logits) for BCE, as MDVS does, else the logits.
at::Tensor score_of(AdversarialKind kind, const at::Tensor& logits);

/// Share of `logits` on the right side of the kind's threshold: a scalar in [0, 1], detached.
at::Tensor accuracy(AdversarialKind kind, const at::Tensor& logits, bool real);

/// epsilon real + (1 - epsilon) fake, as a leaf that wants a gradient. All [B, F, V, 2]; `epsilon` [B].
at::Tensor mixed_pose(const at::Tensor& real, const at::Tensor& fake, const at::Tensor& epsilon);

/// Mean over samples of (||d score / d mixed||_2 - 1)^2, differentiable by the discriminator's parameters
/// (Gulrajani et al. 2017). `score` [B, .] must come from `mixed` [B, F, V, 2]. The slope is taken by the pose alone,
/// so nothing behind the music is differentiated twice: cuDNN's GRU, which cannot be, needs no detour.
at::Tensor gradient_penalty(const at::Tensor& score, const at::Tensor& mixed);

}  // namespace stgmamba::losses
