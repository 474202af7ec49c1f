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
  /// Draws fresh weights as the originals do, from torch's generator.
  virtual void initialise();

  /// Frames [B, F, 3, H, W] in [-1, 1] of the person in photo [B, 3, H, W], one for every pose map of
  /// [B, F, P, H, W]. H and W must be multiples of 2^downs.
  virtual torch::Tensor render(const torch::Tensor& photo, const torch::Tensor& pose_maps) = 0;

  /// Whether a frame depends on frames before it. Frames of other networks can be made in any order and any batch.
  virtual bool recurrent() const { return false; }
  /// What a recurrent network carries from one stretch of a video to the next; empty before the first.
  struct Memory {
    torch::Tensor poses, frames;  // [B, n, P, H, W] and [B, n, 3, H, W], oldest first
  };
  /// The next stretch of a video: in stretches of any length, the frames that render gives for the whole.
  virtual torch::Tensor render_next(const torch::Tensor& photo, const torch::Tensor& pose_maps, Memory& /*memory*/) {
    return render(photo, pose_maps);
  }
};

/// Builds the network that `model.name` picks: "gr_composite" (the paper's G_r, default), "vid2vid" or "pix2pixhd",
/// with the originals' initialisation drawn from `seed`.
std::shared_ptr<VideoGenerator> make_video_generator(config::Section model, std::uint64_t seed);
std::vector<std::string> video_generator_names();

/// For use without gradients on a CPU: the same frames to rounding, faster, by weights and activations that are
/// channels last.
void use_channels_last(VideoGenerator& network);

}  // namespace stgmamba::models
