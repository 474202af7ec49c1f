// SPDX-License-Identifier: MIT
#include "stgmamba/models/vid2vid/generators.hpp"

#include <torch/torch.h>

#include "stgmamba/nn/repose.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::models {
namespace {

CompositeConfig network_of(const GrCompositeConfig& config) {
  CompositeConfig network = config.network;
  network.pose_channels = config.pose_channels;
  network.image_channels = 3;
  return network;
}

CompositeConfig network_of(const Vid2VidConfig& config) {
  CompositeConfig network = config.network;
  network.pose_channels = config.window * config.pose_channels;
  network.image_channels = (config.window - 1) * 3;
  return network;
}

void check_render(const char* name, const torch::Tensor& photo, const torch::Tensor& pose_maps, std::int64_t channels) {
  STG_CHECK(photo.dim() == 4 && photo.size(1) == 3 && pose_maps.dim() == 5 && pose_maps.size(2) == channels &&
                pose_maps.size(0) == photo.size(0) && pose_maps.size(1) > 0,
            "[{}] photo must be [B, 3, H, W] and pose maps [B, F, {}, H, W], got {} and {}", name, channels,
            fmt::join(photo.sizes(), "x"), fmt::join(pose_maps.sizes(), "x"));
}

}  // namespace

void read(config::Section section, GrCompositeConfig& config) {
  section.read("pose_channels", config.pose_channels, {.min = 1, .max = 64});
  section.read("condition", config.condition, {"photo", "reposed"});
  read(section, config.network);
}

GrComposite::GrComposite(const GrCompositeConfig& config)
    : Composite(network_of(config)), pose_channels_(config.pose_channels), reposed_(config.condition == "reposed") {}

CompositeOutput GrComposite::generate(const torch::Tensor& condition, const torch::Tensor& pose) {
  return forward(pose, condition);
}

torch::Tensor GrComposite::render(const Photo& photo, const Poses& poses) {
  check_render("GrComposite", photo.image, poses.maps, pose_channels_);
  const std::int64_t frames = poses.maps.size(1);
  const auto each = [frames](const torch::Tensor& x) {  // [B, ...] -> [B F, ...]
    return x.repeat_interleave(frames, 0);
  };
  torch::Tensor condition = each(photo.image);  // [B F, 3, H, W]
  if (reposed_) {
    STG_CHECK(photo.joints.defined() && poses.joints.defined(), "[GrComposite] a reposed condition needs joints");
    condition = nn::repose(condition, each(photo.joints), poses.joints.flatten(0, 1));
  }
  return generate(condition, poses.maps.flatten(0, 1)).final.unflatten(0, {-1, frames});  // [B, F, 3, H, W]
}

void read(config::Section section, Vid2VidConfig& config) {
  section.read("pose_channels", config.pose_channels, {.min = 1, .max = 64});
  section.read("window", config.window, {.min = 2, .max = 16});
  section.read("first_frame", config.first_frame, {"cond", "zero"});
  read(section, config.network);
}

Vid2Vid::Vid2Vid(const Vid2VidConfig& config) : Composite(network_of(config)), config_(config) {}

CompositeOutput Vid2Vid::step(const torch::Tensor& poses, const torch::Tensor& previous, bool raw_only) {
  return forward(poses.flatten(1, 2), previous.flatten(1, 2), raw_only);
}

torch::Tensor Vid2Vid::render(const Photo& photo, const Poses& poses) {
  Memory memory;
  return render_next(photo, poses, memory);
}

torch::Tensor Vid2Vid::render_next(const Photo& given, const Poses& asked, Memory& memory) {
  const torch::Tensor &photo = given.image, &pose_maps = asked.maps;
  check_render("Vid2Vid", photo, pose_maps, config_.pose_channels);
  const std::int64_t frames = pose_maps.size(1);
  const std::int64_t earlier = config_.window - 1;
  const bool begins = !memory.frames.defined();
  const bool zero = config_.first_frame == "zero";
  if (begins) {
    memory.poses = pose_maps.narrow(1, 0, 1).expand({-1, earlier, -1, -1, -1});
    memory.frames = (zero ? torch::zeros_like(photo) : photo).unsqueeze(1).expand({-1, earlier, -1, -1, -1});
  }
  const torch::Tensor poses = torch::cat({memory.poses, pose_maps}, 1);  // [B, earlier + F, P, H, W]
  std::vector<torch::Tensor> made = memory.frames.unbind(1);
  for (std::int64_t f = 0; f < frames; ++f) {
    const std::vector<torch::Tensor> newest(made.end() - earlier, made.end());
    const torch::Tensor previous = torch::stack(newest, 1).detach();  // [B, earlier, 3, H, W]
    made.push_back(step(poses.narrow(1, f, config_.window), previous, zero && begins && f == 0).final);
  }
  memory.poses = poses.narrow(1, frames, earlier).detach();
  memory.frames = torch::stack(std::vector<torch::Tensor>(made.end() - earlier, made.end()), 1).detach();
  return torch::stack(std::vector<torch::Tensor>(made.begin() + earlier, made.end()), 1);  // [B, F, 3, H, W]
}

}  // namespace stgmamba::models
