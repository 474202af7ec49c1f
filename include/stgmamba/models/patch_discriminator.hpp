// SPDX-License-Identifier: MIT
// The multi-scale patch discriminator of pix2pixHD and vid2vid (skeleton-to-video A3 and C), parameter names of the
// originals: the same small network, with own weights, on the image and on halved copies of it.
//
//   4x4 convolutions, padding 2, LeakyReLU 0.2: c -> ndf s2 (no norm), 2 ndf s2, 4 ndf s2, 8 ndf s1, 1 s1
#pragma once

#include <string>
#include <vector>

#include <torch/nn/modules/container/sequential.h>

#include "stgmamba/config/section.hpp"

namespace stgmamba::models {

/// [scale][stage], the whole image's scale first; the last stage of a scale holds its scores [N, 1, h, w], no sigmoid.
using ScaleFeatures = std::vector<std::vector<torch::Tensor>>;

struct PatchDiscriminatorConfig {
  std::int64_t channels = 6;             // of the input: belongs to the caller, no key
  std::int64_t ndf = 64;                 // width of the first layer
  std::int64_t layers = 3;               // stride-2 convolutions
  std::int64_t scales = 2;               // networks, each at half the size of the one before
  std::string norm = "instance_affine";  // instance_affine (vid2vid) | instance (pix2pixHD) | batch
  bool widen_coarse = false;             // vid2vid below ndf 64: the width doubles, up to 64, at every coarser scale
};
void read(config::Section section, PatchDiscriminatorConfig& config);

class PatchDiscriminator : public torch::nn::Module {
 public:
  explicit PatchDiscriminator(const PatchDiscriminatorConfig& config);
  ScaleFeatures forward(const torch::Tensor& x);  // [N, channels, H, W]

 private:
  std::int64_t channels_;
  std::vector<std::vector<torch::nn::Sequential>> scales_;  // [scale][stage], the whole image's scale first
};

/// What a temporal discriminator sees: three frames [N, 3, 3, H, W] and, where there is a teacher, the two flows
/// between them [N, 2, 2, H, W] in pixels, divided by 20: [N, 9 or 13, H, W]. `flows` may be undefined.
torch::Tensor temporal_input(const torch::Tensor& frames, const torch::Tensor& flows = {});

}  // namespace stgmamba::models
