// SPDX-License-Identifier: MIT
#include "stgmamba/models/patch_discriminator.hpp"

#include <torch/torch.h>

#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::models {
namespace {

constexpr std::int64_t kWidest = 512;      // of any layer
constexpr std::int64_t kWidestFirst = 64;  // of a coarse scale's first layer
constexpr double kFlowScale = 20.0;

torch::nn::Conv2d conv4(std::int64_t in, std::int64_t out, std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 4).stride(stride).padding(2));
}

torch::nn::LeakyReLU leaky_relu() {
  return torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(0.2).inplace(false));
}

/// The stages of one scale.
std::vector<torch::nn::Sequential> stages(const PatchDiscriminatorConfig& config, std::int64_t width) {
  const nn::ImageNorm norm = nn::image_norm(config.norm);
  std::vector<torch::nn::Sequential> layers = {torch::nn::Sequential(conv4(config.channels, width, 2), leaky_relu())};
  for (std::int64_t i = 1; i <= config.layers; ++i) {
    const std::int64_t next = std::min(2 * width, kWidest);
    torch::nn::Sequential layer(conv4(width, next, i < config.layers ? 2 : 1));
    layer->push_back(nn::make_norm(norm, next));
    layer->push_back(leaky_relu());
    layers.push_back(layer);
    width = next;
  }
  layers.emplace_back(conv4(width, 1, 1));
  return layers;
}

}  // namespace

void read(config::Section section, PatchDiscriminatorConfig& config) {
  section.read("ndf", config.ndf, {.min = 1, .max = 512});
  section.read("layers", config.layers, {.min = 1, .max = 8});
  section.read("scales", config.scales, {.min = 1, .max = 6});
  section.read("norm", config.norm, {"instance_affine", "instance", "batch"});
  section.read("widen_coarse", config.widen_coarse);
}

PatchDiscriminator::PatchDiscriminator(const PatchDiscriminatorConfig& config) : channels_(config.channels) {
  // The originals count scales from the coarsest: scale0 is the smallest image's.
  for (std::int64_t i = 0; i < config.scales; ++i) {
    const std::int64_t halvings = config.scales - 1 - i;
    const std::int64_t wider = std::min(kWidestFirst, config.ndf << halvings);
    const std::vector<torch::nn::Sequential> scale = stages(config, config.widen_coarse ? wider : config.ndf);
    for (std::size_t j = 0; j < scale.size(); ++j) {
      register_module(fmt::format("scale{}_layer{}", i, j), scale[j]);
    }
    scales_.insert(scales_.begin(), scale);
  }
}

ScaleFeatures PatchDiscriminator::forward(const torch::Tensor& x) {
  STG_CHECK(x.dim() == 4 && x.size(1) == channels_, "[PatchDiscriminator] x must be [N, {}, H, W], got {}", channels_,
            fmt::join(x.sizes(), "x"));
  ScaleFeatures features;
  torch::Tensor image = x;
  for (std::vector<torch::nn::Sequential>& scale : scales_) {
    image = features.empty() ? image : nn::halved(image);
    std::vector<torch::Tensor> stage_outputs;
    torch::Tensor h = image;
    for (torch::nn::Sequential& stage : scale) {
      h = stage->forward(h);
      stage_outputs.push_back(h);
    }
    features.push_back(std::move(stage_outputs));
  }
  return features;
}

torch::Tensor temporal_input(const torch::Tensor& frames, const torch::Tensor& flows) {
  STG_CHECK(frames.dim() == 5 && frames.size(2) == 3, "[temporal_input] frames must be [N, T, 3, H, W], got {}",
            fmt::join(frames.sizes(), "x"));
  if (!flows.defined()) {
    return frames.flatten(1, 2);
  }
  STG_CHECK(flows.dim() == 5 && flows.size(1) == frames.size(1) - 1 && flows.size(2) == 2,
            "[temporal_input] flows must be [N, {}, 2, H, W], got {}", frames.size(1) - 1,
            fmt::join(flows.sizes(), "x"));
  return torch::cat({frames.flatten(1, 2), flows.flatten(1, 2) / kFlowScale}, 1);
}

}  // namespace stgmamba::models
