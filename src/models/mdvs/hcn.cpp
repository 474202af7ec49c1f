// SPDX-License-Identifier: MIT
#include "stgmamba/models/mdvs/hcn.hpp"

#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::models {
namespace {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Dropout2d;
using torch::nn::Linear;
using torch::nn::MaxPool2d;
using torch::nn::ReLU;
using torch::nn::Sequential;

/// 3x3 convolution over (frames, points).
Conv2d local(std::int64_t in, std::int64_t out) {
  return Conv2d(Conv2dOptions(in, out, 3).padding(1));
}

void initialise(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& entry : module.named_parameters()) {
    if (entry.value().dim() >= 2) {
      torch::nn::init::xavier_uniform_(entry.value());
    } else {
      entry.value().zero_();
    }
  }
}

}  // namespace

HcnImpl::HcnImpl(const HcnConfig& config) : frames_(config.frames) {
  const std::int64_t c = config.channels;
  const std::int64_t pools = config.pooled ? 4 : 1;
  const std::int64_t rows = (config.frames - 2) >> pools, columns = config.points >> pools;
  STG_CHECK(rows >= 1 && columns >= 1, "[Hcn] {} frames and {} points are too few to be halved {} times", config.frames,
            config.points, pools);
  position_ = make_stream(config, "");
  motion_ = make_stream(config, "m");
  conv5_ = register_module("conv5", Sequential(local(2 * c, 2 * c), ReLU(), Dropout2d(config.dropout)));
  if (config.pooled) {
    conv5_->push_back(MaxPool2d(2));
  }
  conv6_ = register_module("conv6", Sequential(local(2 * c, 4 * c), ReLU(), Dropout2d(config.dropout), MaxPool2d(2)));
  fc7_ = register_module(
      "fc7", Sequential(Linear(4 * c * rows * columns, config.hidden), ReLU(), torch::nn::Dropout(config.dropout)));
  fc8_ = register_module("fc8", Linear(config.hidden, config.outputs));
  initialise(*this);
}

HcnImpl::Stream HcnImpl::make_stream(const HcnConfig& config, const char* suffix) {
  const std::int64_t c = config.channels;
  const auto name = [suffix](const char* layer) { return std::string(layer) + suffix; };
  Stream stream;
  stream.conv1 = register_module(name("conv1"), Sequential(Conv2d(Conv2dOptions(2, c, 1)), ReLU()));
  stream.conv2 = register_module(name("conv2"), Conv2d(Conv2dOptions(c, config.points, {3, 1})));
  stream.conv3 = register_module(name("conv3"), Sequential(local(skeleton::kJoints, c / 2)));
  stream.conv4 = register_module(name("conv4"), Sequential(local(c / 2, c), Dropout2d(config.dropout)));
  if (config.pooled) {
    stream.conv3->push_back(MaxPool2d(2));
    stream.conv4->push_back(MaxPool2d(2));
  }
  return stream;
}

std::vector<torch::Tensor> HcnImpl::run(Stream& stream, const torch::Tensor& x) const {
  const torch::Tensor one = stream.conv1->forward(x);                   // [N, c, T, V]
  const torch::Tensor two = stream.conv2->forward(one);                 // [N, points, T - 2, V]
  const torch::Tensor joints = two.permute({0, 3, 2, 1}).contiguous();  // [N, V, T - 2, points]
  const torch::Tensor three = stream.conv3->forward(joints);            // [N, c / 2, ., .]
  return {one, two, three, stream.conv4->forward(three)};
}

std::vector<torch::Tensor> HcnImpl::features(const torch::Tensor& pose) {
  STG_CHECK(pose.dim() == 4 && pose.size(1) == frames_ && pose.size(2) == skeleton::kJoints && pose.size(3) == 2,
            "[Hcn] pose must be [N, {}, {}, 2], got {} frames", frames_, skeleton::kJoints, pose.size(1));
  const torch::Tensor x = pose.permute({0, 3, 1, 2}).contiguous();  // [N, 2, T, V]
  const torch::Tensor motion =
      torch::upsample_bilinear2d(x.diff(1, 2), {frames_, x.size(3)}, /*align_corners=*/false);  // [N, 2, T, V]
  std::vector<torch::Tensor> maps = run(position_, x);
  const torch::Tensor both = torch::cat({maps.back(), run(motion_, motion).back()}, 1);  // [N, 2 c, ., .]
  maps.push_back(conv5_->forward(both));
  maps.push_back(conv6_->forward(maps.back()));
  return maps;
}

torch::Tensor HcnImpl::forward(const torch::Tensor& pose) {
  return fc8_->forward(fc7_->forward(features(pose).back().flatten(1)));  // [N, outputs]
}

}  // namespace stgmamba::models
