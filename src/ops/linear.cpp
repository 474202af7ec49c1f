// SPDX-License-Identifier: MIT
#include "stgmamba/ops/linear.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/linear.h>

#include "ops/cpu_scan.hpp"
#include "ops/rows_product.hpp"

namespace stgmamba::ops {
namespace {

constexpr std::int64_t kFewRows = 256;       // below, a convolution's set-up costs more than it saves
constexpr std::int64_t kFewNumbers = 20480;  // ATen takes oneDNN above, and on several threads only

at::Tensor kernel_of(const at::Tensor& weight) {
  return weight.reshape({weight.size(0), weight.size(1), 1, 1});  // [M, K, 1, 1]
}

}  // namespace

bool suits_convolution(const at::Tensor& x, const at::Tensor& weight) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         at::globalContext().userEnabledMkldnn() && at::hasMKLDNN() && weight.size(0) > 1 && weight.size(1) > 1 &&
         x.numel() >= kFewRows * weight.size(1) && x.numel() > kFewNumbers && at::get_num_threads() > 1;
}

at::Tensor plane_of(const at::Tensor& x) {
  const std::int64_t rows = x.numel() / x.size(-1);
  return x.reshape({1, rows, 1, x.size(-1)}).permute({0, 3, 1, 2});
}

at::Tensor rows_of(const at::Tensor& plane, at::IntArrayRef sizes) {
  std::vector<std::int64_t> shape = sizes.vec();
  shape.push_back(plane.size(1));
  return plane.permute({0, 2, 3, 1}).reshape(shape);
}

RowsGradients rows_product_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& d_out,
                                    bool wants_x) {
  if (!suits_convolution(x, weight)) {
    return {wants_x ? at::mm(d_out, weight) : at::Tensor(), at::mm(d_out.t(), x), d_out.sum(0)};
  }
  const auto [d_plane, d_kernel, d_bias] =
      at::convolution_backward(plane_of(d_out), plane_of(x), kernel_of(weight), at::IntArrayRef{weight.size(0)}, {1, 1},
                               {0, 0}, {1, 1}, false, {0, 0}, 1, {wants_x, true, true});
  return {wants_x ? rows_of(d_plane, {x.size(0)}) : at::Tensor(), d_kernel.reshape(weight.sizes()), d_bias};
}

at::Tensor linear_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, ScanBackend backend) {
  if (!fused_on_cpu(x, backend) || !suits_convolution(x, weight)) {
    return at::linear(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
  }
  const at::Tensor plane =
      at::conv2d(plane_of(x), kernel_of(weight), bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
  return rows_of(plane, x.sizes().slice(0, static_cast<std::size_t>(x.dim() - 1)));
}

}  // namespace stgmamba::ops
