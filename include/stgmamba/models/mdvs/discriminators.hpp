// SPDX-License-Identifier: MIT
// The discriminators of MDVS (mdvs-and-metrics A5). Both return logits: sigmoid of them is the original's score.
// Parameter names are the original's; the sequence discriminator looks at its audio as [B, F, .] throughout (the
// published code re-views it and mixes samples with frames).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/models/mdvs/hcn.hpp"
#include "stgmamba/nn/audio_encoder.hpp"

namespace stgmamba::models {

/// Config section `discriminator`, as far as the networks go.
struct DiscriminatorConfig {
  double width = 1.0;                // factor on every channel count; 1 is MDVS
  double dropout = 0.5;              // MDVS
  std::string audio_scale = "unit";  // unit: [-1, 1]; int16: MDVS's raw range
};
void read(config::Section section, DiscriminatorConfig& config);

/// Is every short stretch a real movement? Windows of 5 frames, 3 apart. 1,552,001 parameters at width 1.
class FrameDiscriminatorImpl : public HcnImpl {
 public:
  explicit FrameDiscriminatorImpl(const DiscriminatorConfig& config);
  /// `pose` [B, F, V, 2] with F >= 5 -> logits [B, (F - 5) / 3 + 1].
  torch::Tensor forward(const torch::Tensor& pose);
};
TORCH_MODULE(FrameDiscriminator);

/// Weights over frames from the frames themselves: tokens [B, F, h] -> their weighted sum [B, h].
class AttentionPoolImpl : public torch::nn::Module {
 public:
  AttentionPoolImpl(std::int64_t token, double dropout);
  torch::Tensor forward(const torch::Tensor& tokens);

 private:
  torch::nn::Dropout drop_{nullptr};
  torch::nn::Linear ws1_{nullptr}, ws2_{nullptr};
};
TORCH_MODULE(AttentionPool);

/// Is the whole clip a real dance to this music? 3,788,393 parameters at width 1. The music is encoded apart, so that
/// one pass over it serves real, generated and mixed poses.
class SequenceDiscriminatorImpl : public torch::nn::Module {
 public:
  SequenceDiscriminatorImpl(const DiscriminatorConfig& config, std::int64_t frames);
  /// Music tokens [B, F, h] from audio [B, F, 1600].
  torch::Tensor encode(const torch::Tensor& audio);
  /// `pose` [B, F, V, 2] and tokens [B, F, h] -> logits [B, 1].
  torch::Tensor score(const torch::Tensor& pose, const torch::Tensor& tokens);
  torch::Tensor forward(const torch::Tensor& pose, const torch::Tensor& audio) { return score(pose, encode(audio)); }
  /// The six maps of feature matching, from the pose branch.
  std::vector<torch::Tensor> features(const torch::Tensor& pose);

 private:
  nn::AudioEncoder audio_encoder_{nullptr};
  Hcn pose_encoder_{nullptr};
  AttentionPool attention_{nullptr};
  torch::nn::Conv1d conv1d_{nullptr};
  torch::nn::Linear fc2_{nullptr};
};
TORCH_MODULE(SequenceDiscriminator);

/// Fewest frames a clip must have for the sequence discriminator to halve them four times.
inline constexpr std::int64_t kFewestFrames = 18;

}  // namespace stgmamba::models
