// SPDX-License-Identifier: MIT
#include "stgmamba/models/vid2vid/composite.hpp"

#include <torch/torch.h>

#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::models {
namespace {

constexpr double kFlowScale = 20.0;  // pixels a unit of the flow head
constexpr double kStill = 0.01;      // of the flow head's usual weights: a tenth of a pixel
constexpr double kTrustWarp = -4.0;  // bias of the weight head: 98 % of the warped image

}  // namespace

void read(config::Section section, CompositeConfig& config) {
  section.read("ngf", config.ngf, {.min = 1, .max = 1024});
  section.read("downs", config.downs, {.min = 1, .max = 6});
  section.read("blocks", config.blocks, {.min = 2, .max = 64});
  section.read("fusion", config.fusion, {"late", "early"});
  section.read("flow", config.flow);
  section.read("norm", config.norm, {"instance_affine", "instance", "batch"});
  section.read("start", config.start, {"noise", "image"});
  if (config.start == "image" && !config.flow) {
    throw ConfigError("{}: 'model.start' must be noise where model.flow is off, got 'image'; set model.flow=true",
                      section.where("start"));
  }
}

Composite::Composite(const CompositeConfig& config) : config_(config) {
  const bool late = config_.fusion == "late";
  down_seg_ = register_module("model_down_seg",
                              encoder(late ? config_.pose_channels : config_.pose_channels + config_.image_channels));
  if (late) {
    down_img_ = register_module("model_down_img", encoder(config_.image_channels));
  }
  res_img_ = register_module("model_res_img", residual());
  up_img_ = register_module("model_up_img", upsampling());
  torch::nn::Sequential image;
  nn::append_head(image, config_.ngf, 3);
  image->push_back(torch::nn::Tanh());
  final_img_ = register_module("model_final_img", image);
  if (config_.flow) {
    res_flow_ = register_module("model_res_flow", residual());
    up_flow_ = register_module("model_up_flow", upsampling());
    torch::nn::Sequential flow, weight;
    nn::append_head(flow, config_.ngf, 2);
    nn::append_head(weight, config_.ngf, 1);
    weight->push_back(torch::nn::Sigmoid());
    final_flow_ = register_module("model_final_flow", flow);
    final_w_ = register_module("model_final_w", weight);
  }
}

void Composite::initialise() {
  VideoGenerator::initialise();
  if (config_.start == "image") {
    const torch::NoGradGuard no_grad;
    const auto last_conv = [](torch::nn::Sequential& head) { return head->ptr(1)->as<torch::nn::Conv2d>(); };
    last_conv(final_flow_)->weight.mul_(kStill);
    last_conv(final_flow_)->bias.zero_();
    last_conv(final_w_)->bias.fill_(kTrustWarp);
  }
}

torch::nn::Sequential Composite::encoder(std::int64_t channels) const {
  const nn::ImageNorm norm = nn::image_norm(config_.norm);
  torch::nn::Sequential layers;
  nn::append_stem(layers, channels, config_.ngf, norm);
  nn::append_downs(layers, config_.ngf, config_.downs, norm);
  nn::append_blocks(layers, config_.ngf << config_.downs, config_.blocks - config_.blocks / 2, norm);
  return layers;
}

torch::nn::Sequential Composite::residual() const {
  torch::nn::Sequential layers;
  nn::append_blocks(layers, config_.ngf << config_.downs, config_.blocks / 2, nn::image_norm(config_.norm));
  return layers;
}

torch::nn::Sequential Composite::upsampling() const {
  torch::nn::Sequential layers;
  nn::append_ups(layers, config_.ngf << config_.downs, config_.downs, nn::image_norm(config_.norm));
  return layers;
}

CompositeOutput Composite::forward(const torch::Tensor& pose, const torch::Tensor& image, bool raw_only) {
  const std::int64_t step = std::int64_t{1} << config_.downs;
  STG_CHECK(
      pose.dim() == 4 && pose.size(1) == config_.pose_channels && pose.size(2) % step == 0 && pose.size(3) % step == 0,
      "[Composite] pose must be [N, {}, H, W] with H, W multiples of {}, got {}", config_.pose_channels, step,
      fmt::join(pose.sizes(), "x"));
  STG_CHECK(image.dim() == 4 && image.size(1) == config_.image_channels && image.size(0) == pose.size(0) &&
                image.size(2) == pose.size(2) && image.size(3) == pose.size(3),
            "[Composite] image must be [N, {}, H, W] as the pose, got {}", config_.image_channels,
            fmt::join(image.sizes(), "x"));
  const torch::Tensor features = down_img_ ? down_seg_->forward(pose) + down_img_->forward(image)
                                           : down_seg_->forward(torch::cat({pose, image}, 1));
  CompositeOutput out;
  out.raw = final_img_->forward(up_img_->forward(res_img_->forward(features)));
  out.final = out.raw;
  if (config_.flow) {
    const torch::Tensor flow_features = up_flow_->forward(res_flow_->forward(features));
    out.flow = final_flow_->forward(flow_features) * kFlowScale;
    out.weight = final_w_->forward(flow_features);
    if (!raw_only) {
      const torch::Tensor newest = image.narrow(1, config_.image_channels - 3, 3);
      out.final = out.raw * out.weight + nn::warp(newest, out.flow) * (1 - out.weight);
    }
  }
  return out;
}

}  // namespace stgmamba::models
