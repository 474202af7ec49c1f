// SPDX-License-Identifier: MIT
// STG-Mamba's pose generator (paper section 3.1): tokens and noise, lifted to joints, L STGM blocks, one head.
//
//   [B, F, 256] + [B, F, 10] -> Linear -> [B, F, V, d] -> L blocks -> concatenation -> Conv1d(3) -> tanh -> [B, F, V,
//   2]
#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>

#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/nn/audio_encoder.hpp"
#include "stgmamba/nn/stgm_block.hpp"

namespace stgmamba::models {

struct StgMambaConfig {
  std::int64_t blocks = 4;     // L
  std::string head = "frame";  // frame: joints of a frame concatenated, Conv1d over time; blocks: Z_1..Z_L a joint
  std::string audio_scale = "unit";         // unit: [-1, 1]; int16: MDVS's raw range
  std::string representation = "absolute";  // absolute; root_velocity: the root's path is summed from its velocities
  bool music_gru = true;                    // false: a Linear a frame in its place
  MusicConfig music;
  NoiseConfig noise;
  nn::StgmBlockConfig block;
};
void read(config::Section section, StgMambaConfig& config);

class StgMambaGenerator : public PoseGenerator {
 public:
  explicit StgMambaGenerator(const StgMambaConfig& config);
  torch::Tensor encode(const torch::Tensor& audio) override;
  torch::Tensor decode(const torch::Tensor& tokens, const torch::Tensor& noise) override;
  void set_median_pose(const torch::Tensor& pose) override;
  bool centres_windows() const override { return root_place_.defined(); }

  /// Z_0 [B, F, V, d], what the first block reads.
  torch::Tensor lift(const torch::Tensor& tokens, const torch::Tensor& noise);
  std::int64_t block_count() const { return static_cast<std::int64_t>(blocks_->size()); }
  nn::StgmBlockImpl& block(std::int64_t index);  // 0 .. block_count() - 1

 private:
  torch::Tensor head(const std::vector<torch::Tensor>& outputs);

  StgMambaConfig config_;
  nn::AudioEncoder audio_encoder_{nullptr};
  torch::nn::GRU noise_encoder_{nullptr};
  torch::nn::Linear lift_{nullptr};
  torch::nn::ModuleList blocks_;
  torch::nn::Conv1d frame_head_{nullptr};
  torch::nn::Linear blocks_head_{nullptr};
  torch::Tensor root_place_;  // [2], MDVS-normalised; undefined where poses are absolute
};

}  // namespace stgmamba::models
