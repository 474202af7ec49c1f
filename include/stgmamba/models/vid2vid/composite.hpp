// SPDX-License-Identifier: MIT
// The composite generator of vid2vid (Wang et al. 2018; skeleton-to-video A2): two encoders whose features are summed,
// residual blocks, transposed convolutions, tanh; and, switched off for OpenPose input, a branch that predicts an
// optical flow and how far to trust the warped image. Parameter names are those of vid2vid's CompositeGenerator.
//
//   h     = E_pose(S) + E_image(I)
//   raw   = tanh(head(up(res(h))))                            flow, w = 20 f(h), sigmoid(g(h))
//   final = raw                      without the flow branch; w raw + (1 - w) warp(last 3 channels of I, flow)  with it
#pragma once

#include <string>

#include <torch/nn/modules/container/sequential.h>

#include "stgmamba/models/video_generator.hpp"

namespace stgmamba::models {

struct CompositeConfig {
  std::int64_t pose_channels = 3;        // of all pose maps that one frame sees
  std::int64_t image_channels = 3;       // of all images that one frame sees
  std::int64_t ngf = 64;                 // width of the first layer
  std::int64_t downs = 3;                // halvings of the image
  std::int64_t blocks = 9;               // residual blocks; the larger half stands in the encoders
  std::string fusion = "late";           // late: features are summed (vid2vid); early: channels are concatenated
  bool flow = false;                     // the flow branch
  std::string norm = "instance_affine";  // instance_affine | instance | batch
  std::string start = "noise";           // what an untrained network makes: noise (vid2vid); image, its newest image
};
/// Keys ngf, downs, blocks, fusion, flow, norm, start; the channels belong to the method. Throws ConfigError for
/// start "image" without the flow branch, which alone can pass an image through.
void read(config::Section section, CompositeConfig& config);

struct CompositeOutput {
  torch::Tensor final;   // [N, 3, H, W]
  torch::Tensor raw;     // [N, 3, H, W]; final itself without the flow branch
  torch::Tensor flow;    // [N, 2, H, W] in pixels, to where a pixel was; undefined without the branch
  torch::Tensor weight;  // [N, 1, H, W], 1: the raw image; undefined without the branch
};

/// A generator around it says which pose maps and images a frame sees.
class Composite : public VideoGenerator {
 public:
  explicit Composite(const CompositeConfig& config);
  /// `pose` [N, pose_channels, H, W], `image` [N, image_channels, H, W], newest frame last. With `raw_only` the warped
  /// image is left out, as vid2vid does where there is no frame yet.
  CompositeOutput forward(const torch::Tensor& pose, const torch::Tensor& image, bool raw_only = false);
  void initialise() override;

 private:
  torch::nn::Sequential encoder(std::int64_t channels) const;
  torch::nn::Sequential residual() const;
  torch::nn::Sequential upsampling() const;

  CompositeConfig config_;
  torch::nn::Sequential down_seg_{nullptr}, down_img_{nullptr}, res_img_{nullptr}, up_img_{nullptr},
      final_img_{nullptr};
  torch::nn::Sequential res_flow_{nullptr}, up_flow_{nullptr}, final_flow_{nullptr}, final_w_{nullptr};
};

}  // namespace stgmamba::models
