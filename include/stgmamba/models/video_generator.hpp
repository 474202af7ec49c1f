// SPDX-License-Identifier: MIT
// What every skeleton-to-video network looks like to the rest of the library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/nn/module.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::models {

/// A picture that a generator starts from. Where its person's joints are, only networks ask that say so.
struct Photo {
  Photo(torch::Tensor pixels, torch::Tensor where = {}) : image(std::move(pixels)), joints(std::move(where)) {}
  torch::Tensor image;   // [B, 3, H, W] in [-1, 1]
  torch::Tensor joints;  // [B, 18, 3] x and y in its pixels, and 1 where the joint is seen; may be undefined
};
/// What the frames to be made show.
struct Poses {
  Poses(torch::Tensor drawn, torch::Tensor where = {}) : maps(std::move(drawn)), joints(std::move(where)) {}
  torch::Tensor maps;    // [B, F, P, H, W] in [-1, 1]
  torch::Tensor joints;  // [B, F, 18, 3] as the photo's; may be undefined
};

class VideoGenerator : public torch::nn::Module {
 public:
  /// Draws fresh weights as the originals do, from torch's generator.
  virtual void initialise();

  /// Frames [B, F, 3, H, W] in [-1, 1] of the person in the photo, one for every pose map. H and W must be multiples of
  /// 2^downs.
  virtual torch::Tensor render(const Photo& photo, const Poses& poses) = 0;

  /// Whether both must come with joints.
  virtual bool needs_joints() const { return false; }

  /// Whether a frame depends on frames before it. Frames of other networks can be made in any order and any batch.
  virtual bool recurrent() const { return false; }
  /// What a recurrent network carries from one stretch of a video to the next; empty before the first.
  struct Memory {
    torch::Tensor poses, frames;  // [B, n, P, H, W] and [B, n, 3, H, W], oldest first
  };
  /// The next stretch of a video: in stretches of any length, the frames that render gives for the whole.
  virtual torch::Tensor render_next(const Photo& photo, const Poses& poses, Memory& /*memory*/) {
    return render(photo, poses);
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
