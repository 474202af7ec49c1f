// SPDX-License-Identifier: MIT
#include "stgmamba/models/mdvs/generator.hpp"

#include "stgmamba/nn/module_calls.hpp"
#include "stgmamba/skeleton/layout.hpp"

#include "models/noise.hpp"

namespace stgmamba::models {

void read(config::Section section, MdvsConfig& config) {
  section.read("width", config.width, {.min = 1, .max = 65536});
  section.read("dropout", config.dropout, {.min = 0, .below = 1});
  section.read("audio_scale", config.audio_scale, {"unit", "int16"});
  read_music(section, config.music, config.audio_scale);
  read(section.section("noise"), config.noise);
}

ResidualLinearImpl::ResidualLinearImpl(std::int64_t width) {
  for (std::size_t i = 0; i < 2; ++i) {
    linears_.emplace_back(width, width);
    norms_.emplace_back(width);
  }
  register_module("layer", torch::nn::Sequential(linears_[0], norms_[0], torch::nn::ReLU(), linears_[1], norms_[1],
                                                 torch::nn::ReLU()));
}

torch::Tensor ResidualLinearImpl::forward(const torch::Tensor& x) {
  torch::Tensor y = x;
  for (std::size_t i = 0; i < linears_.size(); ++i) {
    y = torch::relu(norms_[i]->forward(nn::call(linears_[i], y)));
  }
  return x + y;
}

MdvsPoseImpl::MdvsPoseImpl(const MdvsConfig& config) {
  rnn_noise_ = register_module("rnn_noise",
                               torch::nn::GRU(torch::nn::GRUOptions(nn::kNoiseSize, nn::kNoiseSize).batch_first(true)));
  layer0_ = register_module("layer0", torch::nn::Linear(nn::kTokenSize + nn::kNoiseSize, config.width));
  layer1_ = register_module("layer1", ResidualLinear(config.width));
  layer2_ = register_module("layer2", ResidualLinear(config.width));
  layer3_ = register_module("layer3", ResidualLinear(config.width));
  dropout_ = register_module("dropout", torch::nn::Dropout(config.dropout));
  final_linear_ = register_module("final_linear", torch::nn::Linear(config.width, 2 * skeleton::kJoints));
}

torch::Tensor MdvsPoseImpl::forward(const torch::Tensor& tokens, const torch::Tensor& noise) {
  const torch::Tensor aux = torch::tanh(nn::call(rnn_noise_, noise));                              // [B, F, 10]
  torch::Tensor x = torch::cat({tokens, aux}, -1).reshape({-1, nn::kTokenSize + nn::kNoiseSize});  // [B F, 266]
  x = layer3_->forward(layer2_->forward(layer1_->forward(nn::call(layer0_, x))));                  // [B F, width]
  x = torch::tanh(nn::call(final_linear_, dropout_->forward(x)));                                  // [B F, 2 V]
  return x.view({tokens.size(0), tokens.size(1), skeleton::kJoints, 2});                           // [B, F, V, 2]
}

MdvsGenerator::MdvsGenerator(const MdvsConfig& config) {
  audio_encoder_ = register_module(
      "audio_encoder", nn::AudioEncoder(nn::AudioEncoderConfig{.input_scale = audio_factor(config.audio_scale),
                                                               .features = feature_size(config.music)}));
  pose_generator_ = register_module("pose_generator", MdvsPose(config));
}

torch::Tensor MdvsGenerator::encode(const torch::Tensor& audio) {
  return audio_encoder_->forward(audio);
}

torch::Tensor MdvsGenerator::decode(const torch::Tensor& tokens, const torch::Tensor& noise) {
  return pose_generator_->forward(tokens, noise);
}

void MdvsGenerator::set_median_pose(const torch::Tensor&) {}

}  // namespace stgmamba::models
