// SPDX-License-Identifier: MIT
// The generators of pix2pixHD (Wang et al. 2018; skeleton-to-video C), parameter names of the original: the global one,
// and the local enhancer that doubles its resolution.
#pragma once

#include <string>

#include <torch/nn/modules/container/sequential.h>

#include "stgmamba/models/video_generator.hpp"

namespace stgmamba::models {

struct Pix2pixHdConfig {
  std::int64_t pose_channels = 3;    // of a pose map
  bool cond_image = true;            // also sees the photo, beside the pose map; false: the original
  std::int64_t ngf = 64;             // width of the first layer of the global generator
  std::int64_t downs = 4;            // its halvings
  std::int64_t blocks = 9;           // its residual blocks
  std::int64_t enhancer_blocks = 0;  // residual blocks of the local enhancer (the original: 3); 0: no enhancer
  std::string norm = "instance";     // instance | instance_affine | batch

  std::int64_t channels() const { return pose_channels + (cond_image ? 3 : 0); }
};
void read(config::Section section, Pix2pixHdConfig& config);

/// One frame from one pose map and, with cond_image, the photo: pose channels first.
class Pix2pixHd : public VideoGenerator {
 public:
  explicit Pix2pixHd(const Pix2pixHdConfig& config) : config_(config) {}
  /// `x` [N, C, H, W], pose map and photo together -> [N, 3, H, W] in [-1, 1].
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  torch::Tensor render(const Photo& photo, const Poses& poses) override;

 private:
  Pix2pixHdConfig config_;
};

/// 7x7, `downs` stride-2 convolutions, residual blocks, as many transposed convolutions, 7x7, tanh.
class GlobalGenerator : public Pix2pixHd {
 public:
  explicit GlobalGenerator(const Pix2pixHdConfig& config);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  torch::nn::Sequential model_;
};

/// enhance(down(x) + global(halved x)), the global generator without its last convolution.
class LocalEnhancer : public Pix2pixHd {
 public:
  explicit LocalEnhancer(const Pix2pixHdConfig& config);
  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  torch::nn::Sequential model_, down_, up_;
};

/// Whichever the configuration asks for.
std::shared_ptr<Pix2pixHd> make_pix2pixhd(const Pix2pixHdConfig& config);

}  // namespace stgmamba::models
