// SPDX-License-Identifier: MIT
// Task `music_to_skeleton`: a generator that turns music and noise into a dance, trained by reconstruction and, where
// the configuration weighs them, by a perceptual network and two discriminators, in the order generator, d_frame,
// d_seq.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/losses/objective.hpp"
#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/train/task.hpp"

namespace stgmamba::train {

/// Config section `eval`.
struct EvalConfig {
  std::string split = "val";
  std::int64_t windows_per_take = 4;  // consecutive windows from each take's start; 0: all
};
void read(config::Section section, EvalConfig& config);

/// Config key `train.ema`: keeps a moving average of the generator's weights with this decay a step; validation,
/// samples and everything that loads the run use it. 0: none is kept.
struct AverageConfig {
  double ema = 0.0;
};
void read(config::Section section, AverageConfig& config);

class Objective;

class MusicToSkeleton : public Task {
 public:
  /// Reads `data.frames`, `model`, `loss`, `discriminator`, `optim`, `schedule`, `eval`, `audio` and `train.ema`.
  MusicToSkeleton(const config::Section& root, std::uint64_t seed, torch::Device device);
  ~MusicToSkeleton() override;

  void require_files() const override;
  void prepare(const data::Dataset& dataset, const data::DataConfig& config, bool fresh) override;
  std::string music_features() const override { return generator_.music.features; }
  std::vector<Stage> stages() const override;
  StageLoss stage_loss(const Stage& stage, const data::Batch& batch, const StepContext& context) override;
  std::vector<std::string> validation_metrics() const override;
  std::optional<Scalars> validate(const StopCheck& stop) override;
  bool sample(const std::filesystem::path& folder, std::int64_t count, const StopCheck& stop) override;
  io::Json extra_state() const override;
  void set_extra_state(const io::Json& state) override;

 private:
  Scalars validate_listening();
  StageLoss listening_loss(const data::Batch& batch);
  StageLoss generator_loss(const data::Batch& batch, const StepContext& context);
  torch::Tensor generate(const data::Batch& batch, std::int64_t first_sample) const;  // [B, F, V, 2] on the host
  losses::ObjectiveConfig loss_;
  EvalConfig eval_;
  std::int64_t init_steps_ = 0;  // `audio.init_steps`: in them only the music encoder learns
  bool listening_ = false;       // whether the last step was one of them: no dance is there to be rated
  models::GeneratorHandle generator_;
  std::shared_ptr<models::PoseGenerator> dancer_;  // what validates and is sampled: the generator or its average
  std::unique_ptr<Objective> objective_;
  std::string perceptual_hash_;  // of the weights a resumed run began with
  std::uint64_t seed_;
  torch::Device device_;
  std::vector<float> median_pose_;  // [V, 2], normalised; median of the training split
  std::vector<data::Batch> held_out_;
  std::map<std::string, std::string> songs_;  // take -> song, of the held-out split
};

/// Median position of every joint over (at most `max_takes`, evenly chosen) takes of the training split, seen joints
/// only: [V, 2], MDVS-normalised. A joint that is never seen is put at the frame's centre.
std::vector<float> median_pose(const data::Dataset& dataset, const data::DataConfig& config,
                               std::int64_t max_takes = 256);

}  // namespace stgmamba::train
