// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/lpips.hpp"

#include <algorithm>
#include <array>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::image_metrics {

namespace {

namespace tnn = torch::nn;

constexpr double kEpsilon = 1e-10;  // beside a feature's length
constexpr std::size_t kStages = 5;

struct Architecture {
  std::array<std::int64_t, kStages> widths;
  std::array<std::size_t, kStages> taken;  // index of the layer whose output closes each stage
  std::int64_t smallest;                   // side, px
};

const Architecture& architecture(LpipsKind kind) {
  static const Architecture kAlexNet{{64, 192, 384, 256, 256}, {1, 4, 7, 9, 11}, 31};
  static const Architecture kVgg16{{64, 128, 256, 512, 512}, {3, 8, 15, 22, 29}, 16};
  return kind == LpipsKind::kAlex ? kAlexNet : kVgg16;
}

void add_convolution(tnn::Sequential& layers, std::int64_t in, std::int64_t out, std::int64_t kernel,
                     std::int64_t stride, std::int64_t padding) {
  layers->push_back(tnn::Conv2d(tnn::Conv2dOptions(in, out, kernel).stride(stride).padding(padding)));
  layers->push_back(tnn::ReLU());
}

tnn::Sequential alexnet() {
  tnn::Sequential layers;
  const auto pool = [&] { layers->push_back(tnn::MaxPool2d(tnn::MaxPool2dOptions(3).stride(2))); };
  add_convolution(layers, 3, 64, 11, 4, 2);
  pool();
  add_convolution(layers, 64, 192, 5, 1, 2);
  pool();
  add_convolution(layers, 192, 384, 3, 1, 1);
  add_convolution(layers, 384, 256, 3, 1, 1);
  add_convolution(layers, 256, 256, 3, 1, 1);
  return layers;
}

tnn::Sequential vgg16() {
  constexpr std::array<int, kStages> kConvolutions = {2, 2, 3, 3, 3};
  tnn::Sequential layers;
  std::int64_t channels = 3;
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    if (stage > 0) {
      layers->push_back(tnn::MaxPool2d(tnn::MaxPool2dOptions(2).stride(2)));
    }
    for (int i = 0; i < kConvolutions[stage]; ++i) {
      add_convolution(layers, channels, architecture(LpipsKind::kVgg).widths[stage], 3, 1, 1);
      channels = architecture(LpipsKind::kVgg).widths[stage];
    }
  }
  return layers;
}

void freeze(tnn::Module& module) {
  for (torch::Tensor& parameter : module.parameters()) {
    parameter.set_requires_grad(false);
  }
}

/// Features of every pixel scaled to length 1, [N, C, H, W].
torch::Tensor normalised(const torch::Tensor& features) {
  return features / (features.square().sum(1, true).sqrt() + kEpsilon);
}

}  // namespace

LpipsTrunk::LpipsTrunk(LpipsKind kind) : kind_(kind), features_(kind == LpipsKind::kAlex ? alexnet() : vgg16()) {
  register_module("features", features_);
  freeze(*this);
}

std::vector<torch::Tensor> LpipsTrunk::stages(const torch::Tensor& x) {
  const Architecture& shape = architecture(kind_);
  STG_CHECK(x.dim() == 4 && x.size(1) == 3 && x.size(2) >= shape.smallest && x.size(3) >= shape.smallest,
            "[LPIPS] x must be [N, 3, H, W] with sides of {} or more, got {}", shape.smallest,
            fmt::join(x.sizes(), "x"));
  const torch::Tensor shift = torch::tensor({-0.030, -0.088, -0.188}, x.options()).view({1, 3, 1, 1});
  const torch::Tensor scale = torch::tensor({0.458, 0.448, 0.450}, x.options()).view({1, 3, 1, 1});
  std::vector<torch::Tensor> taken;
  torch::Tensor h = (x - shift) / scale;
  std::size_t index = 0;
  for (auto& layer : *features_) {
    h = layer.forward(h);
    if (std::find(shape.taken.begin(), shape.taken.end(), index++) != shape.taken.end()) {
      taken.push_back(h);
    }
  }
  return taken;
}

LpipsHeads::LpipsHeads(LpipsKind kind) {
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    // The package's heads hold a dropout before the convolution, which its numbers make "1".
    const std::int64_t channels = architecture(kind).widths[stage];
    tnn::Sequential model(tnn::Dropout(), tnn::Conv2d(tnn::Conv2dOptions(channels, 1, 1).bias(false)));
    const auto head = std::make_shared<tnn::Module>();
    head->register_module("model", model);
    register_module("lin" + std::to_string(stage), head);
    weights_.push_back(model->ptr<tnn::Conv2dImpl>(1)->weight);
  }
  freeze(*this);
}

torch::Tensor lpips(LpipsTrunk& trunk, const LpipsHeads& heads, const torch::Tensor& a, const torch::Tensor& b) {
  STG_CHECK(a.sizes() == b.sizes(), "[LPIPS] both must be of one size, got {} and {}", fmt::join(a.sizes(), "x"),
            fmt::join(b.sizes(), "x"));
  const std::vector<torch::Tensor> x = trunk.stages(a), y = trunk.stages(b);
  torch::Tensor sum = torch::zeros({a.size(0)}, a.options());
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    const torch::Tensor difference = (normalised(x[stage]) - normalised(y[stage])).square();  // [N, C, h, w]
    sum = sum + (difference * heads.weights()[stage]).sum(1).mean({1, 2});
  }
  return sum;
}

}  // namespace stgmamba::image_metrics
