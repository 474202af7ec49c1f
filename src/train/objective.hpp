// SPDX-License-Identifier: MIT
// The objective of music to skeleton with the networks it is measured on: both discriminators and the perceptual net.
// What has weight 0 is neither built nor run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/losses/objective.hpp"
#include "stgmamba/models/mdvs/discriminators.hpp"
#include "stgmamba/train/task.hpp"

#include "perceptual_net.hpp"

namespace stgmamba::train {

/// Config section `discriminator`: the networks and how they learn.
struct AdversaryConfig {
  models::DiscriminatorConfig network;
  bool mismatched = false;                     // real motion with another song counts as fake, too (not in the paper)
  double lr_frame = 3e-4, lr_sequence = 5e-4;  // MDVS
};
void read(config::Section section, AdversaryConfig& config);

/// One step's dances.
struct Dances {
  torch::Tensor audio;    // [B, F, 1600]
  torch::Tensor real;     // [B, F, V, 2]
  torch::Tensor first;    // [B, F, V, 2] first draw of each sample: what the discriminators judge
  torch::Tensor nearest;  // [B, F, V, 2] the draw of each sample that lies nearest to the real dance
};

class Objective {
 public:
  /// Builds the discriminators that the weights ask for; `frames` is F.
  Objective(const losses::ObjectiveConfig& loss, const AdversaryConfig& adversary, std::int64_t frames,
            std::uint64_t seed, torch::Device device);

  /// Null where not needed.
  const models::FrameDiscriminator& frame() const { return frame_; }
  const models::SequenceDiscriminator& sequence() const { return sequence_; }

  /// Before the first step: loads the perceptual net and holds it to its ranking on held-out windows; learns which song
  /// each take was danced to. `expected_hash`: the perceptual weights the run began with, empty for a new run.
  void prepare(const std::map<std::string, std::string>& songs, const std::vector<data::Batch>& held_out,
               const std::string& expected_hash);
  std::string perceptual_hash() const { return perceptual_ ? perceptual_->hash() : ""; }

  /// The generator's terms beside the reconstruction, weighted; their plain values go into `parts`. Remembers the
  /// dances for the discriminators' turns in the same step.
  std::vector<losses::Term> generator_terms(const Dances& dances, std::int64_t step, Scalars& parts);
  /// Losses of the discriminators on the dances of the same step; undefined before their time.
  StageLoss frame_loss(std::int64_t step) const;
  StageLoss sequence_loss(const data::Batch& batch, const StepContext& context);

 private:
  bool sequence_learns(std::int64_t step) const;
  torch::Tensor frozen_frame_logits(const torch::Tensor& pose);
  torch::Tensor frozen_sequence_logits(const torch::Tensor& pose);
  torch::Tensor matching(const torch::Tensor& fake, const torch::Tensor& real);
  std::optional<torch::Tensor> mismatched_logits(const data::Batch& batch);
  torch::Tensor penalty(const data::Batch& batch, std::uint64_t seed);

  losses::ObjectiveConfig loss_;
  AdversaryConfig adversary_;
  losses::AdversarialKind kind_;
  std::uint64_t seed_;
  torch::Device device_;
  models::FrameDiscriminator frame_{nullptr};
  models::SequenceDiscriminator sequence_{nullptr};
  std::unique_ptr<PerceptualNet> perceptual_;
  std::map<std::string, std::string> songs_;  // take -> song
  Dances dances_;                             // of the current step, detached
  torch::Tensor tokens_;                      // [B, F, h] of the current step, undefined until needed
};

/// For each row of a batch the next row, cyclically, that was danced to another song; -1 where there is none.
std::vector<std::int64_t> rows_with_another_song(const std::vector<std::string>& takes,
                                                 const std::map<std::string, std::string>& songs);

}  // namespace stgmamba::train
