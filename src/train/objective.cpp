// SPDX-License-Identifier: MIT
#include "objective.hpp"

#include <torch/torch.h>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

#include "eval_mode.hpp"
#include "frozen.hpp"

namespace stgmamba::train {

void read(config::Section section, AdversaryConfig& config) {
  read(section, config.network);
  section.read("mismatched", config.mismatched);
  section.read("lr_frame", config.lr_frame, {.above = 0});
  section.read("lr_sequence", config.lr_sequence, {.above = 0});
}

std::vector<std::int64_t> rows_with_another_song(const std::vector<std::string>& takes,
                                                 const std::map<std::string, std::string>& songs) {
  const auto count = std::ssize(takes);
  std::vector<std::int64_t> rows(takes.size(), -1);
  for (std::ptrdiff_t row = 0; row < count; ++row) {
    for (std::ptrdiff_t step = 1; step < count && rows[static_cast<std::size_t>(row)] < 0; ++step) {
      const std::ptrdiff_t other = (row + step) % count;
      if (songs.at(takes[static_cast<std::size_t>(other)]) != songs.at(takes[static_cast<std::size_t>(row)])) {
        rows[static_cast<std::size_t>(row)] = other;
      }
    }
  }
  return rows;
}

Objective::Objective(const losses::ObjectiveConfig& loss, const AdversaryConfig& adversary, std::int64_t frames,
                     std::uint64_t seed, torch::Device device)
    : loss_(loss),
      adversary_(adversary),
      kind_(losses::adversarial_kind(loss.adversarial)),
      seed_(seed),
      device_(device) {
  const auto seeded = [seed](const char* name) { torch::manual_seed(util::Random(seed, name).bits()); };
  if (losses::needs_frame_discriminator(loss_)) {
    seeded("d_frame");
    frame_ = models::FrameDiscriminator(adversary_.network);
    frame_->to(device_);
  }
  if (losses::needs_sequence_discriminator(loss_)) {
    seeded("d_seq");
    sequence_ = models::SequenceDiscriminator(adversary_.network, frames);
    sequence_->to(device_);
  }
}

void Objective::prepare(const std::map<std::string, std::string>& songs, const std::vector<data::Batch>& held_out,
                        const std::string& expected_hash) {
  songs_ = songs;
  if (loss_.perceptual.weight <= 0) {
    return;
  }
  perceptual_ = std::make_unique<PerceptualNet>(loss_.perceptual, seed_, device_);
  if (!expected_hash.empty() && perceptual_->hash() != expected_hash) {
    throw CheckpointError(
        "{}: is not the perceptual network this run began with; bring that one back, or start under another --run-name",
        loss_.perceptual.weights);
  }
  perceptual_->require_ranking(held_out, seed_);
}

bool Objective::sequence_learns(std::int64_t step) const {
  return loss_.feature_matching > 0 || losses::adversarial_scale(loss_.adversarial, step) > 0;
}

torch::Tensor Objective::frozen_frame_logits(const torch::Tensor& pose) {
  const Frozen frozen(*frame_);
  return frame_->forward(pose);
}

torch::Tensor Objective::frozen_sequence_logits(const torch::Tensor& pose) {
  tokens_ = sequence_->encode(dances_.audio);  // with its graph: the discriminator's own turn uses it again
  const Frozen frozen(*sequence_);
  return sequence_->score(pose, tokens_.detach());
}

torch::Tensor Objective::matching(const torch::Tensor& fake, const torch::Tensor& real) {
  const ModuleMode evaluation(*sequence_, false);  // dropout off, as MDVS compares features
  std::vector<torch::Tensor> wanted;
  {
    const torch::NoGradGuard no_grad;
    wanted = sequence_->features(real);
  }
  const Frozen frozen(*sequence_);
  return losses::feature_matching_loss(sequence_->features(fake), wanted);
}

std::vector<losses::Term> Objective::generator_terms(const Dances& dances, std::int64_t step, Scalars& parts) {
  dances_ = {dances.audio, dances.real, dances.first.detach(), dances.nearest.detach()};
  tokens_ = torch::Tensor();
  std::vector<losses::Term> terms;
  const auto add = [&](const char* name, double weight, const torch::Tensor& value) {
    parts[name] = value.item<double>();
    terms.emplace_back(name, weight * value);
  };
  if (perceptual_) {
    add("perceptual", loss_.perceptual.weight, perceptual_->loss(dances.nearest, dances.real));
  }
  if (loss_.feature_matching > 0) {
    add("feature_matching", loss_.feature_matching, matching(dances.nearest, dances.real));
  }
  const double scale = losses::adversarial_scale(loss_.adversarial, step);
  if (scale > 0 && loss_.adversarial.frame > 0) {
    add("adversarial_frame", scale * loss_.adversarial.frame,
        losses::generator_loss(kind_, frozen_frame_logits(dances.first)));
  }
  if (scale > 0 && loss_.adversarial.sequence > 0) {
    add("adversarial_sequence", scale * loss_.adversarial.sequence,
        losses::generator_loss(kind_, frozen_sequence_logits(dances.first)));
  }
  return terms;
}

StageLoss Objective::frame_loss(std::int64_t step) const {
  if (losses::adversarial_scale(loss_.adversarial, step) <= 0) {
    return {};
  }
  models::FrameDiscriminator net = frame_;
  const torch::Tensor real = net->forward(dances_.real), fake = net->forward(dances_.first);
  return {losses::discriminator_loss(kind_, real, {fake}),
          {{"accuracy_real", losses::accuracy(kind_, real, true).item<double>()},
           {"accuracy_fake", losses::accuracy(kind_, fake, false).item<double>()}}};
}

StageLoss Objective::sequence_loss(const data::Batch& batch, const StepContext& context) {
  if (!sequence_learns(context.step)) {
    return {};
  }
  if (!tokens_.defined()) {
    tokens_ = sequence_->encode(dances_.audio);
  }
  const torch::Tensor real = sequence_->score(dances_.real, tokens_);
  std::vector<torch::Tensor> fakes = {sequence_->score(dances_.first, tokens_)};
  StageLoss result;
  result.parts["accuracy_real"] = losses::accuracy(kind_, real, true).item<double>();
  result.parts["accuracy_fake"] = losses::accuracy(kind_, fakes.front(), false).item<double>();
  if (adversary_.mismatched) {
    if (const std::optional<torch::Tensor> mismatched = mismatched_logits(batch)) {
      result.parts["accuracy_mismatched"] = losses::accuracy(kind_, *mismatched, false).item<double>();
      fakes.push_back(*mismatched);
    }
  }
  result.total = losses::discriminator_loss(kind_, real, fakes);
  if (loss_.gradient_penalty > 0) {
    const torch::Tensor slope = penalty(batch, context.seed);
    result.parts["penalty"] = slope.item<double>();
    result.total = result.total + loss_.gradient_penalty * slope;
  }
  tokens_ = torch::Tensor();
  return result;
}

std::optional<torch::Tensor> Objective::mismatched_logits(const data::Batch& batch) {
  std::vector<std::int64_t> dancers, songs;
  const std::vector<std::int64_t> others = rows_with_another_song(batch.take, songs_);
  for (std::size_t row = 0; row < others.size(); ++row) {
    if (others[row] >= 0) {
      dancers.push_back(static_cast<std::int64_t>(row));
      songs.push_back(others[row]);
    }
  }
  if (dancers.empty()) {
    return std::nullopt;
  }
  return sequence_->score(dances_.real.index_select(0, torch::tensor(dancers).to(device_)),
                          tokens_.index_select(0, torch::tensor(songs).to(device_)));
}

torch::Tensor Objective::penalty(const data::Batch& batch, std::uint64_t seed) {
  std::vector<float> epsilon;
  epsilon.reserve(batch.sample.size());
  for (const std::int64_t sample : batch.sample) {
    epsilon.push_back(
        static_cast<float>(util::Random(seed, "gradient_penalty", static_cast<std::uint64_t>(sample)).uniform()));
  }
  const torch::Tensor mixed = losses::mixed_pose(dances_.real, dances_.first, torch::tensor(epsilon).to(device_));
  return losses::gradient_penalty(losses::score_of(kind_, sequence_->score(mixed, tokens_)), mixed);
}

}  // namespace stgmamba::train
