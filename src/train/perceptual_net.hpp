// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/losses/features.hpp"
#include "stgmamba/models/stgcn/st_gcn.hpp"

namespace stgmamba::train {

/// Throws CheckpointError where `loss.perceptual.weights` is not there, and says what makes it; before a run begins.
void require_perceptual_weights(const losses::PerceptualConfig& config);

/// The frozen network behind L_p: in evaluation mode, asking for no gradients of its own.
class PerceptualNet {
 public:
  /// Loads what `config.weights` names, or draws random weights from `seed`. Throws CheckpointError.
  PerceptualNet(const losses::PerceptualConfig& config, std::uint64_t seed, torch::Device device);

  /// L_p of `fake` against `real`, both [B, F, V, 2]: a scalar, differentiable by `fake`.
  torch::Tensor loss(const torch::Tensor& fake, const torch::Tensor& real);
  /// A loss that does not tell a tremble from an anatomy is no use: throws CheckpointError unless, over the windows of
  /// `batches`, L_p(real) < L_p(jittered) < L_p(limbs swapped), each against the real dance.
  void require_ranking(const std::vector<data::Batch>& batches, std::uint64_t seed);
  /// Identifies the weights, so that a resumed run cannot go on with others.
  const std::string& hash() const { return hash_; }

 private:
  losses::PerceptualConfig config_;
  torch::Device device_;
  models::StGcn net_{nullptr};
  std::string hash_;
};

}  // namespace stgmamba::train
