// SPDX-License-Identifier: MIT
// The trunk of VGG19 up to relu5_1 (Simonyan and Zisserman 2015), for the perceptual loss of pix2pixHD and vid2vid.
// Parameter names are torchvision's, so that its file loads through the map "vgg19"; it is the user's to bring.
#pragma once

#include <vector>

#include <torch/nn/modules/container/sequential.h>

namespace stgmamba::models {

class Vgg19 : public torch::nn::Module {
 public:
  /// Frozen: no parameter wants a gradient.
  Vgg19();
  /// relu1_1, 2_1, 3_1, 4_1 and 5_1 of x [N, 3, H, W], H, W >= 16: [N, 64, H, W] to [N, 512, H/16, W/16].
  std::vector<torch::Tensor> forward(const torch::Tensor& x);

 private:
  torch::nn::Sequential features_;
};

}  // namespace stgmamba::models
