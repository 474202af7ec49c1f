// SPDX-License-Identifier: MIT
// The pieces of image-to-image generators (Johnson et al. 2016, pix2pixHD, vid2vid; skeleton-to-video A2 and C). Pieces
// are appended to a torch::nn::Sequential, so that layers are numbered as in the originals and their weights load.
#pragma once

#include <cstdint>
#include <string>

#include <torch/nn/modules/container/any.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/instancenorm.h>

namespace stgmamba::nn {

/// How feature maps are normalised. The first two look at one image alone, so a frame does not depend on its batch.
enum class ImageNorm {
  kInstanceAffine,  // per image and channel, with a learnt scale and shift: what vid2vid's batch norm does at batch 1
  kInstance,        // without them: pix2pixHD
  kBatch,           // over the batch: vid2vid's release, for parity
};
/// "instance_affine", "instance" or "batch".
ImageNorm image_norm(const std::string& name);
torch::nn::AnyModule make_norm(ImageNorm norm, std::int64_t channels);

/// torch::nn::InstanceNorm2d, which hands back planes whatever it gets; without gradients on a CPU this one keeps
/// channels last, as the convolutions around it like it.
class InstanceNormImpl : public torch::nn::InstanceNorm2dImpl {
 public:
  using torch::nn::InstanceNorm2dImpl::InstanceNorm2dImpl;
  torch::Tensor forward(const torch::Tensor& x);  // [N, C, H, W]
};
TORCH_MODULE(InstanceNorm);

/// Lays out the weights of convolutions channels last: their inputs then are, too, and oneDNN reorders nothing.
void channels_last(torch::nn::Module& module);

/// x + [pad, conv 3x3, norm, ReLU, pad, conv 3x3, norm](x), reflection padding, [N, C, H, W].
class ResnetBlockImpl : public torch::nn::Module {
 public:
  ResnetBlockImpl(std::int64_t channels, ImageNorm norm);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Sequential conv_block_;
};
TORCH_MODULE(ResnetBlock);

/// Reflection padding 3, conv 7x7, norm, ReLU: [N, in, H, W] -> [N, out, H, W].
void append_stem(torch::nn::Sequential& layers, std::int64_t in, std::int64_t out, ImageNorm norm);
/// `count` times conv 3x3 stride 2, norm, ReLU, doubling `channels`: [N, C, H, W] -> [N, C 2^count, H/2^count,
/// W/2^count].
void append_downs(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t count, ImageNorm norm);
void append_blocks(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t count, ImageNorm norm);
/// `count` times transposed conv 3x3 stride 2, norm, ReLU, halving `channels`.
void append_ups(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t count, ImageNorm norm);
/// Reflection padding 3, conv 7x7 to `out` channels; the caller appends what follows.
void append_head(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t out);

/// The originals' initialisation: conv weights N(0, 0.02), scales of norms N(1, 0.02), their shifts 0; biases of
/// convolutions keep PyTorch's. Draws from torch's generator.
void init_image_network(torch::nn::Module& module);

/// image [N, C, H, W] at (x + dx, y + dy) for flow [N, 2, H, W] = (dx, dy) in pixels: bilinear, borders repeated.
torch::Tensor warp(const torch::Tensor& image, const torch::Tensor& flow);

/// Average over 3x3 with stride 2, padding not counted: the next scale of discriminators and enhancers.
torch::Tensor halved(const torch::Tensor& image);  // [N, C, H, W] -> [N, C, ceil(H/2), ceil(W/2)]

}  // namespace stgmamba::nn
