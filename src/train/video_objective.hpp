// SPDX-License-Identifier: MIT
// The objective of skeleton to video with the networks it is measured on: the image and the temporal discriminator and
// VGG19. What has weight 0 is neither built nor run. It asks any VideoGenerator for pictures and knows none by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/losses/video_objective.hpp"
#include "stgmamba/models/patch_discriminator.hpp"
#include "stgmamba/models/vgg19.hpp"
#include "stgmamba/models/video_generator.hpp"
#include "stgmamba/train/task.hpp"

#include "film_tensors.hpp"

namespace stgmamba::train {

/// Config section `discriminator`.
struct VideoAdversaryConfig {
  models::PatchDiscriminatorConfig network;  // of both
  bool cond_ref = false;                     // the image discriminator also sees I_0
  std::int64_t pose_channels = 3;            // P; belongs to the caller, no key
  bool bf16 = false;                         // networks run in bfloat16, losses in float32; likewise
};
void read(config::Section section, VideoAdversaryConfig& config);

/// What a generator turn needs to know of the step.
struct Turn {
  std::vector<std::int64_t> sample;  // [B] global indices: what random draws are a function of
  std::int64_t part = 0;             // of the batch
  std::uint64_t seed = 0;
  bool neighbours = true;  // FSR and BSR count already
  bool diagnose = false;   // measure them even where they do not count
};

class VideoObjective {
 public:
  /// Builds the discriminators that the weights ask for and loads VGG19. Throws CheckpointError for a bad file.
  VideoObjective(const losses::VideoObjectiveConfig& loss, const VideoAdversaryConfig& adversary, std::uint64_t seed,
                 torch::Device device);

  /// Null where not needed.
  const std::shared_ptr<models::PatchDiscriminator>& image() const { return image_; }
  const std::shared_ptr<models::PatchDiscriminator>& temporal() const { return temporal_; }
  /// Hash of the VGG19 file; empty without one.
  const std::string& vgg_hash() const { return vgg_hash_; }

  /// The generator's loss. Remembers its pictures for the discriminators' turns of the same step.
  StageLoss generator_loss(models::VideoGenerator& generator, const FilmTensors& film, const Turn& turn);
  /// Losses of the discriminators on the pictures of the same part of the same step.
  StageLoss image_loss(std::int64_t part);
  StageLoss temporal_loss(std::int64_t part);

 private:
  torch::Tensor render(models::VideoGenerator& generator, const models::Photo& photo, const models::Poses& poses) const;
  torch::Tensor render_pairs(models::VideoGenerator& generator, const losses::NeighbourPairs& pairs) const;
  models::ScaleFeatures judge(models::PatchDiscriminator& net, const torch::Tensor& x) const;
  void add_adversary(models::PatchDiscriminator& net, const torch::Tensor& fake, const torch::Tensor& real, double gan,
                     double matching, const std::string& suffix, StageLoss& loss) const;
  StageLoss adversary_loss(models::PatchDiscriminator& net, const torch::Tensor& real, const torch::Tensor& fake) const;
  torch::Tensor image_input(const FilmTensors& film, const torch::Tensor& frames) const;
  torch::Tensor temporal_input(const FilmTensors& film, const torch::Tensor& frames) const;
  void add_image_terms(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss);
  void add_vgg(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss);
  void add_warp(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss) const;
  void add_temporal_terms(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss);
  void add_neighbours(models::VideoGenerator& generator, const FilmTensors& film, const torch::Tensor& frames,
                      const Turn& turn, StageLoss& loss) const;
  void add_control(models::VideoGenerator& generator, const FilmTensors& film, const Turn& turn, StageLoss& loss) const;

  losses::VideoObjectiveConfig loss_;
  VideoAdversaryConfig adversary_;
  torch::Device device_;
  std::shared_ptr<models::PatchDiscriminator> image_, temporal_;
  std::shared_ptr<models::Vgg19> vgg_;
  std::string vgg_hash_;
  struct Memory {
    FilmTensors film;
    torch::Tensor frames;  // [B, F, 3, H, W], detached
  };
  std::vector<Memory> memory_;  // of the current step, a part each
};

/// How far pictures made from their neighbours are from `frames` [B, F, 3, H, W]: unweighted, without gradients.
losses::NeighbourLoss consistency(models::VideoGenerator& generator, const FilmTensors& film,
                                  const torch::Tensor& frames);

}  // namespace stgmamba::train
