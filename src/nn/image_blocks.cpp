// SPDX-License-Identifier: MIT
#include "stgmamba/nn/image_blocks.hpp"

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::nn {
namespace {

torch::nn::Conv2d conv3(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t padding) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(padding));
}

torch::nn::ReLU relu() {
  return torch::nn::ReLU(torch::nn::ReLUOptions(/*inplace=*/true));
}

}  // namespace

ImageNorm image_norm(const std::string& name) {
  STG_CHECK(name == "instance_affine" || name == "instance" || name == "batch",
            "[image_norm] must be instance_affine, instance or batch, got {}", name);
  return name == "batch" ? ImageNorm::kBatch : name == "instance" ? ImageNorm::kInstance : ImageNorm::kInstanceAffine;
}

torch::nn::AnyModule make_norm(ImageNorm norm, std::int64_t channels) {
  if (norm == ImageNorm::kBatch) {
    return torch::nn::AnyModule(torch::nn::BatchNorm2d(channels));
  }
  return torch::nn::AnyModule(
      InstanceNorm(torch::nn::InstanceNorm2dOptions(channels).affine(norm == ImageNorm::kInstanceAffine)));
}

torch::Tensor InstanceNormImpl::forward(const torch::Tensor& x) {
  const bool last = x.dim() == 4 && !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast);
  if (!last || !x.is_cpu() || at::GradMode::is_enabled()) {
    return torch::nn::InstanceNorm2dImpl::forward(x);
  }
  // The batch norm of one image is its instance norm, and ATen's keeps channels last.
  torch::Tensor out = torch::empty_like(x);  // [N, C, H, W]
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    torch::Tensor one = out.narrow(0, n, 1), mean = torch::empty({0}, x.options()), scale = torch::empty_like(mean);
    at::native_batch_norm_out(one, mean, scale, x.narrow(0, n, 1), weight, bias, {}, {}, /*training=*/true,
                              /*momentum=*/0.0, options.eps());
  }
  return out;
}

void channels_last(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : module.parameters()) {
    if (parameter.dim() == 4) {
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }
}

ResnetBlockImpl::ResnetBlockImpl(std::int64_t channels, ImageNorm norm) {
  for (int half = 0; half < 2; ++half) {
    conv_block_->push_back(torch::nn::ReflectionPad2d(1));
    conv_block_->push_back(conv3(channels, channels, 1, 0));
    conv_block_->push_back(make_norm(norm, channels));
    if (half == 0) {
      conv_block_->push_back(relu());
    }
  }
  register_module("conv_block", conv_block_);
}

torch::Tensor ResnetBlockImpl::forward(const torch::Tensor& x) {
  return x + conv_block_->forward(x);
}

void append_stem(torch::nn::Sequential& layers, std::int64_t in, std::int64_t out, ImageNorm norm) {
  append_head(layers, in, out);
  layers->push_back(make_norm(norm, out));
  layers->push_back(relu());
}

void append_downs(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t count, ImageNorm norm) {
  for (std::int64_t i = 0; i < count; ++i, channels *= 2) {
    layers->push_back(conv3(channels, 2 * channels, 2, 1));
    layers->push_back(make_norm(norm, 2 * channels));
    layers->push_back(relu());
  }
}

void append_blocks(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t count, ImageNorm norm) {
  for (std::int64_t i = 0; i < count; ++i) {
    layers->push_back(ResnetBlock(channels, norm));
  }
}

void append_ups(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t count, ImageNorm norm) {
  for (std::int64_t i = 0; i < count; ++i, channels /= 2) {
    layers->push_back(torch::nn::ConvTranspose2d(
        torch::nn::ConvTranspose2dOptions(channels, channels / 2, 3).stride(2).padding(1).output_padding(1)));
    layers->push_back(make_norm(norm, channels / 2));
    layers->push_back(relu());
  }
}

void append_head(torch::nn::Sequential& layers, std::int64_t channels, std::int64_t out) {
  layers->push_back(torch::nn::ReflectionPad2d(3));
  layers->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, out, 7)));
}

void init_image_network(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (const auto& part : module.modules(/*include_self=*/false)) {
    if (auto* conv = part->as<torch::nn::Conv2dImpl>()) {
      conv->weight.normal_(0.0, 0.02);
    } else if (auto* up = part->as<torch::nn::ConvTranspose2dImpl>()) {
      up->weight.normal_(0.0, 0.02);
    } else if (auto* batch = part->as<torch::nn::BatchNorm2dImpl>()) {
      batch->weight.normal_(1.0, 0.02);
      batch->bias.zero_();
    } else if (auto* instance = part->as<torch::nn::InstanceNorm2dImpl>();
               instance != nullptr && instance->weight.defined()) {
      instance->weight.normal_(1.0, 0.02);
      instance->bias.zero_();
    }
  }
}

torch::Tensor warp(const torch::Tensor& image, const torch::Tensor& flow) {
  STG_CHECK(image.dim() == 4 && flow.dim() == 4 && flow.size(1) == 2 && flow.size(0) == image.size(0) &&
                flow.size(2) == image.size(2) && flow.size(3) == image.size(3) && image.size(2) > 1 &&
                image.size(3) > 1,
            "[warp] image must be [N, C, H, W] and flow [N, 2, H, W] with H, W > 1, got {} and {}",
            fmt::join(image.sizes(), "x"), fmt::join(flow.sizes(), "x"));
  const std::int64_t height = image.size(2);
  const std::int64_t width = image.size(3);
  // Corners are aligned: pixel centres of the first and last column stand at -1 and 1.
  const torch::Tensor x = torch::linspace(-1, 1, width, flow.options()).view({1, 1, width}) +
                          flow.select(1, 0) * (2.0 / static_cast<double>(width - 1));  // [N, H, W]
  const torch::Tensor y = torch::linspace(-1, 1, height, flow.options()).view({1, height, 1}) +
                          flow.select(1, 1) * (2.0 / static_cast<double>(height - 1));  // [N, H, W]
  namespace F = torch::nn::functional;
  return F::grid_sample(
      image, torch::stack({x, y}, -1),
      F::GridSampleFuncOptions().mode(torch::kBilinear).padding_mode(torch::kBorder).align_corners(true));
}

torch::Tensor halved(const torch::Tensor& image) {
  return torch::avg_pool2d(image, 3, 2, 1, /*ceil_mode=*/false, /*count_include_pad=*/false);
}

}  // namespace stgmamba::nn
