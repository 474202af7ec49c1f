// SPDX-License-Identifier: MIT
// What every skeleton-to-video network looks like to the rest of the library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::models {

class VideoGenerator : public torch::nn::Module {
 public:
  /// Frames [B, F, 3, H, W] in [-1, 1] of the person in photo [B, 3, H, W], one for every pose map of
  /// [B, F, P, H, W]. H and W must be multiples of 2^downs.
  virtual torch::Tensor render(const torch::Tensor& photo, const torch::Tensor& pose_maps) = 0;
};

/// Builds the network that `model.name` picks: "gr_composite" (the paper's G_r, default), "vid2vid" or "pix2pixhd",
/// with the originals' initialisation drawn from `seed`.
std::shared_ptr<VideoGenerator> make_video_generator(config::Section model, std::uint64_t seed);
std::vector<std::string> video_generator_names();

}  // namespace stgmamba::models
