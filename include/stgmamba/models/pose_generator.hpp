// SPDX-License-Identifier: MIT
// What every music-to-skeleton network looks like to the rest of the library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::models {

/// M in R^(F r), z -> S in R^(F x 2V), in two halves so that several draws of z share one pass over the music.
class PoseGenerator : public torch::nn::Module {
 public:
  /// Music tokens H_0 [B, F, 256] from what the network hears (MusicConfig): audio [B, F, 1600] in [-1, 1], or features
  /// [B, F, n].
  virtual torch::Tensor encode(const torch::Tensor& audio) = 0;
  /// Pose [B, F, V, 2], MDVS-normalised, from tokens [B, F, 256] and noise [B, F, 10].
  virtual torch::Tensor decode(const torch::Tensor& tokens, const torch::Tensor& noise) = 0;
  /// encode then decode.
  torch::Tensor forward(const torch::Tensor& audio, const torch::Tensor& noise) { return decode(encode(audio), noise); }
  /// Makes the constant pose [V, 2] the first output (head bias at atanh of it), where the method says so.
  virtual void set_median_pose(const torch::Tensor& pose) = 0;
  /// True where each window is laid about the same place, so that its neighbour has to be shifted to go on from it.
  virtual bool centres_windows() const { return false; }
};

/// What the network hears (config `model.music`).
struct MusicConfig {
  std::string features = "waveform";  // one of music::kFeatureSets

  bool hears_samples() const { return features == "waveform"; }
};

/// Where z comes from (config `model.noise`).
struct NoiseConfig {
  std::string mode = "clip";  // clip: one z per clip, fed at every frame; frame: one z per frame (MDVS)
  double sigma = 0.33;        // z ~ N(0, sigma^2)
};

/// Noise [draws * B, F, 10] (draw-major), a pure function of (seed, tag, sample[b], draw); draw k of sample s is the
/// same whatever else is in the batch.
torch::Tensor sample_noise(const NoiseConfig& config, std::uint64_t seed, const std::string& tag,
                           const std::vector<std::int64_t>& samples, std::int64_t frames, std::int64_t draws = 1);

struct GeneratorHandle {
  std::shared_ptr<PoseGenerator> network;
  NoiseConfig noise;
  MusicConfig music;
  std::string name;  // model.name
};

/// Builds the network that `model.name` picks (models/registry.cpp) with default initialisation drawn from `seed`.
GeneratorHandle make_generator(config::Section model, std::uint64_t seed);
std::vector<std::string> generator_names();

}  // namespace stgmamba::models
