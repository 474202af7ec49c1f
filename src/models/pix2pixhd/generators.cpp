// SPDX-License-Identifier: MIT
#include "stgmamba/models/pix2pixhd/generators.hpp"

#include <torch/torch.h>

#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::models {
namespace {

/// All of the global generator but its last convolution: [N, C, H, W] -> [N, ngf, H, W].
void append_global(torch::nn::Sequential& layers, const Pix2pixHdConfig& config) {
  const nn::ImageNorm norm = nn::image_norm(config.norm);
  nn::append_stem(layers, config.channels(), config.ngf, norm);
  nn::append_downs(layers, config.ngf, config.downs, norm);
  nn::append_blocks(layers, config.ngf << config.downs, config.blocks, norm);
  nn::append_ups(layers, config.ngf << config.downs, config.downs, norm);
}

}  // namespace

void read(config::Section section, Pix2pixHdConfig& config) {
  section.read("pose_channels", config.pose_channels, {.min = 1, .max = 64});
  section.read("cond_image", config.cond_image);
  section.read("ngf", config.ngf, {.min = 2, .max = 1024});
  section.read("downs", config.downs, {.min = 1, .max = 6});
  section.read("blocks", config.blocks, {.min = 0, .max = 64});
  section.read("enhancer_blocks", config.enhancer_blocks, {.min = 0, .max = 64});
  section.read("norm", config.norm, {"instance", "instance_affine", "batch"});
}

torch::Tensor Pix2pixHd::render(const Photo& given, const Poses& poses) {
  const torch::Tensor &photo = given.image, &pose_maps = poses.maps;
  STG_CHECK(photo.dim() == 4 && photo.size(1) == 3 && pose_maps.dim() == 5 && pose_maps.size(0) == photo.size(0) &&
                pose_maps.size(2) == config_.pose_channels,
            "[Pix2pixHd] photo must be [B, 3, H, W] and pose maps [B, F, {}, H, W], got {} and {}",
            config_.pose_channels, fmt::join(photo.sizes(), "x"), fmt::join(pose_maps.sizes(), "x"));
  const std::int64_t frames = pose_maps.size(1);
  torch::Tensor x = pose_maps;
  if (config_.cond_image) {
    x = torch::cat({x, photo.unsqueeze(1).expand({-1, frames, -1, -1, -1})}, 2);
  }
  return forward(x.flatten(0, 1)).unflatten(0, {photo.size(0), frames});  // [B, F, 3, H, W]
}

GlobalGenerator::GlobalGenerator(const Pix2pixHdConfig& config) : Pix2pixHd(config) {
  append_global(model_, config);
  nn::append_head(model_, config.ngf, 3);
  model_->push_back(torch::nn::Tanh());
  register_module("model", model_);
}

torch::Tensor GlobalGenerator::forward(const torch::Tensor& x) {
  return model_->forward(x);
}

LocalEnhancer::LocalEnhancer(const Pix2pixHdConfig& config) : Pix2pixHd(config) {
  const nn::ImageNorm norm = nn::image_norm(config.norm);
  const std::int64_t width = config.ngf / 2;
  append_global(model_, config);
  nn::append_stem(down_, config.channels(), width, norm);
  nn::append_downs(down_, width, 1, norm);
  nn::append_blocks(up_, 2 * width, config.enhancer_blocks, norm);
  nn::append_ups(up_, 2 * width, 1, norm);
  nn::append_head(up_, width, 3);
  up_->push_back(torch::nn::Tanh());
  register_module("model", model_);
  register_module("model1_1", down_);
  register_module("model1_2", up_);
}

torch::Tensor LocalEnhancer::forward(const torch::Tensor& x) {
  return up_->forward(down_->forward(x) + model_->forward(nn::halved(x)));
}

std::shared_ptr<Pix2pixHd> make_pix2pixhd(const Pix2pixHdConfig& config) {
  if (config.enhancer_blocks > 0) {
    return std::make_shared<LocalEnhancer>(config);
  }
  return std::make_shared<GlobalGenerator>(config);
}

}  // namespace stgmamba::models
