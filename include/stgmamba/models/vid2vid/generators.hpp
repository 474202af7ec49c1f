// SPDX-License-Identifier: MIT
// Two generators on the composite network: the paper's G_r, one frame from one photo and one pose map
// (skeleton-to-video B2), and vid2vid itself, which feeds back what it made (A5).
#pragma once

#include "stgmamba/models/vid2vid/composite.hpp"

namespace stgmamba::models {

struct GrCompositeConfig {
  std::int64_t pose_channels = 3;  // of a pose map: 3 (rgb) or 18 (one hot)
  CompositeConfig network;         // its channels follow from the above
  /// What it is shown: photo, I_c as it is [paper]; reposed, I_c with its limbs moved to the frame's pose
  /// (nn/repose.hpp; not in the paper).
  std::string condition = "photo";
};
void read(config::Section section, GrCompositeConfig& config);

/// I_i = G_r(I_c, S_i): every frame by itself, so in any order and any batch.
class GrComposite : public Composite {
 public:
  explicit GrComposite(const GrCompositeConfig& config);
  /// `condition` [N, 3, H, W], `pose` [N, P, H, W].
  CompositeOutput generate(const torch::Tensor& condition, const torch::Tensor& pose);
  torch::Tensor render(const Photo& photo, const Poses& poses) override;
  bool needs_joints() const override { return reposed_; }

 private:
  std::int64_t pose_channels_;
  bool reposed_;
};

struct Vid2VidConfig {
  std::int64_t pose_channels = 3;    // of a pose map
  std::int64_t window = 3;           // pose maps that a frame sees, its own included; it sees window - 1 earlier frames
  std::string first_frame = "cond";  // what stands for the frames before the first: cond, the photo; zero (the release)
  CompositeConfig network;           // its channels follow from the above
};
void read(config::Section section, Vid2VidConfig& config);

class Vid2Vid : public Composite {
 public:
  explicit Vid2Vid(const Vid2VidConfig& config);
  /// The frame after `previous` [B, window - 1, 3, H, W] for `poses` [B, window, P, H, W], oldest first.
  CompositeOutput step(const torch::Tensor& poses, const torch::Tensor& previous, bool raw_only = false);
  /// Frame by frame. Frames that are fed back carry no gradient, as in the release; poses before the first repeat it.
  torch::Tensor render(const Photo& photo, const Poses& poses) override;
  torch::Tensor render_next(const Photo& photo, const Poses& poses, Memory& memory) override;
  bool recurrent() const override { return true; }

 private:
  Vid2VidConfig config_;
};

}  // namespace stgmamba::models
