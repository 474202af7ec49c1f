// SPDX-License-Identifier: MIT
#include "stgmamba/models/stg_mamba/generator.hpp"

#include "stgmamba/nn/module_calls.hpp"
#include "stgmamba/skeleton/layout.hpp"

#include "models/noise.hpp"
#include "root_velocity.hpp"

namespace stgmamba::models {
namespace {

constexpr std::int64_t kJoints = skeleton::kJoints;
constexpr double kHeadScale = 0.01;   // the first output is nearly the head's bias, the median pose
constexpr double kPoseLimit = 0.999;  // atanh stays finite

}  // namespace

void read(config::Section section, StgMambaConfig& config) {
  section.read("blocks", config.blocks, {.min = 1, .max = 64});
  read(section, config.block);
  section.section("head").read("concat", config.head, {"frame", "blocks"});
  section.read("representation", config.representation, {"absolute", "root_velocity"});
  section.read("audio_scale", config.audio_scale, {"unit", "int16"});
  section.read("music_gru", config.music_gru);
  read_music(section, config.music, config.audio_scale);
  read(section.section("noise"), config.noise);
}

StgMambaGenerator::StgMambaGenerator(const StgMambaConfig& config) : config_(config) {
  const std::int64_t d = config.block.d;
  audio_encoder_ = register_module(
      "audio_encoder", nn::AudioEncoder(nn::AudioEncoderConfig{.music_gru = config.music_gru,
                                                               .input_scale = audio_factor(config.audio_scale),
                                                               .features = feature_size(config.music)}));
  noise_encoder_ = register_module(
      "noise_encoder", torch::nn::GRU(torch::nn::GRUOptions(nn::kNoiseSize, nn::kNoiseSize).batch_first(true)));
  lift_ = register_module("lift", torch::nn::Linear(nn::kTokenSize + nn::kNoiseSize, kJoints * d));
  register_module("blocks", blocks_);
  for (std::int64_t i = 0; i < config.blocks; ++i) {
    blocks_->push_back(nn::StgmBlock(config.block, i));
  }
  const torch::NoGradGuard no_grad;
  if (config.head == "frame") {
    frame_head_ =
        register_module("head", torch::nn::Conv1d(torch::nn::Conv1dOptions(kJoints * d, 2 * kJoints, 3).padding(1)));
    frame_head_->weight.mul_(kHeadScale);
  } else {
    blocks_head_ = register_module("head", torch::nn::Linear(d * config.blocks, 2));
    blocks_head_->weight.mul_(kHeadScale);
  }
  if (config.representation == "root_velocity") {
    root_place_ = register_buffer("root_place", torch::zeros({2}));
  }
}

torch::Tensor StgMambaGenerator::encode(const torch::Tensor& audio) {
  return audio_encoder_->forward(audio);
}

torch::Tensor StgMambaGenerator::lift(const torch::Tensor& tokens, const torch::Tensor& noise) {
  const torch::Tensor aux = torch::tanh(nn::call(noise_encoder_, noise));     // [B, F, 10]
  const torch::Tensor z = nn::call(lift_, torch::cat({tokens, aux}, -1));     // [B, F, V d]
  return z.view({tokens.size(0), tokens.size(1), kJoints, config_.block.d});  // [B, F, V, d]
}

nn::StgmBlockImpl& StgMambaGenerator::block(std::int64_t index) {
  return *blocks_->ptr(static_cast<std::size_t>(index))->as<nn::StgmBlock>();
}

torch::Tensor StgMambaGenerator::decode(const torch::Tensor& tokens, const torch::Tensor& noise) {
  torch::Tensor z = lift(tokens, noise);  // [B, F, V, d]
  std::vector<torch::Tensor> outputs;
  for (std::int64_t i = 0; i < block_count(); ++i) {
    z = block(i).forward(z);
    outputs.push_back(z);
  }
  const torch::Tensor pose = torch::tanh(head(outputs));  // [B, F, V, 2]
  return root_place_.defined() ? pose_from_root_velocity(pose, root_place_) : pose;
}

torch::Tensor StgMambaGenerator::head(const std::vector<torch::Tensor>& outputs) {
  if (blocks_head_) {
    return nn::call(blocks_head_, torch::cat(outputs, -1));  // [B, F, V, 2]
  }
  const torch::Tensor frames = outputs.back().flatten(2).transpose(1, 2);   // [B, V d, F]
  const torch::Tensor pose = frame_head_->forward(frames).transpose(1, 2);  // [B, F, 2 V]
  return pose.reshape({pose.size(0), pose.size(1), kJoints, 2});            // [B, F, V, 2]
}

void StgMambaGenerator::set_median_pose(const torch::Tensor& pose) {
  const torch::NoGradGuard no_grad;
  torch::Tensor said = pose;  // [V, 2]
  if (root_place_.defined()) {
    root_place_.copy_(pose[kRoot]);
    said = pose - root_place_;  // and a root that stands still
  }
  const torch::Tensor bias = torch::atanh(said.clamp(-kPoseLimit, kPoseLimit));  // [V, 2]
  if (frame_head_) {
    frame_head_->bias.copy_(bias.reshape({-1}));
  } else {
    blocks_head_->bias.copy_(bias.mean(0));  // one bias for all joints: their mean
  }
}

}  // namespace stgmamba::models
