// SPDX-License-Identifier: MIT
// Task `skeleton_to_video`: a generator that turns a photo and pose maps into pictures of its person, trained by
// reconstruction, FSR and BSR and, where the configuration weighs them, by an image and a temporal discriminator, in
// the order generator, d_image, d_temporal.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/data/film.hpp"
#include "stgmamba/losses/video_objective.hpp"
#include "stgmamba/models/video_generator.hpp"
#include "stgmamba/train/music_to_skeleton.hpp"
#include "stgmamba/train/task.hpp"

namespace stgmamba::train {

class VideoObjective;

class SkeletonToVideo : public Task {
 public:
  /// Reads `data`, `model`, `loss`, `discriminator`, `optim`, `schedule`, `eval`, `train.micro_batch` and
  /// `train.precision`.
  SkeletonToVideo(const config::Section& root, std::uint64_t seed, torch::Device device);
  ~SkeletonToVideo() override;

  std::unique_ptr<data::BatchSource> training_source(data::Dataset& dataset, const data::DataConfig& config,
                                                     std::uint64_t seed) override;
  void prepare(const data::Dataset& dataset, const data::DataConfig& config, bool fresh) override;
  std::vector<Stage> stages() const override;
  StageLoss stage_loss(const Stage& stage, const data::Batch& batch, const StepContext& context) override;
  std::int64_t micro_batch() const override { return micro_batch_; }
  /// val/l1 of the pictures, val/l1_copy of I_0 in their place, and how far pictures made from their neighbours differ:
  /// val/fsr, val/bsr.
  std::vector<std::string> validation_metrics() const override;
  std::optional<Scalars> validate(const StopCheck& stop) override;
  /// A strip of pictures and a video of each of `count` takes: photo, pose, generated, real.
  bool sample(const std::filesystem::path& folder, std::int64_t count, const StopCheck& stop) override;
  /// Refuses a checkpoint that has learnt to see another drawing of poses.
  void load_weights(const std::filesystem::path& from, const weights::LoadOptions& options) override;
  /// What the generator has learnt to see (pose_map: version, kind, size; framing), and the hash of VGG19's file.
  io::Json extra_state() const override;
  void set_extra_state(const io::Json& state) override;

 private:
  losses::VideoObjectiveConfig loss_;
  data::FilmConfig film_;
  std::string framing_;  // of the training films
  EvalConfig eval_;
  std::shared_ptr<models::VideoGenerator> generator_;
  std::unique_ptr<VideoObjective> objective_;
  torch::Device device_;
  std::int64_t micro_batch_ = 0;
  std::int64_t steps_per_epoch_ = 1;
  std::string vgg_expected_;  // hash of VGG19's file that a resumed run began with
  std::unique_ptr<data::BatchSource> held_out_, shown_;
  std::map<std::string, double> rates_;  // take -> frames per second
};

}  // namespace stgmamba::train
