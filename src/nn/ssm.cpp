// SPDX-License-Identifier: MIT
#include "stgmamba/nn/ssm.hpp"

#include <cmath>

#include "stgmamba/ops/low_rank.hpp"

namespace stgmamba::nn {
namespace {

constexpr double kDtMin = 1e-3;
constexpr double kDtMax = 0.1;
constexpr double kDtFloor = 1e-4;

/// The bias whose softplus is log-uniform in [dt_min, dt_max].
torch::Tensor dt_bias(std::int64_t width) {
  const torch::Tensor dt =
      torch::exp(torch::rand({width}) * (std::log(kDtMax) - std::log(kDtMin)) + std::log(kDtMin)).clamp_min(kDtFloor);
  return dt + torch::log(-torch::expm1(-dt));
}

}  // namespace

SsmImpl::SsmImpl(std::int64_t model_width, std::int64_t width, std::int64_t states)
    : rank_((model_width + 15) / 16), states_(states) {
  x_proj_ =
      register_module("x_proj", torch::nn::Linear(torch::nn::LinearOptions(width, rank_ + 2 * states).bias(false)));
  dt_proj_ = register_module("dt_proj", torch::nn::Linear(rank_, width));
  a_log_ = register_parameter("A_log", torch::arange(1, states + 1, torch::kFloat).log().repeat({width, 1}));
  skip_ = register_parameter("D", torch::ones({width}));
  const torch::NoGradGuard no_grad;
  const double bound = 1.0 / std::sqrt(static_cast<double>(rank_));
  dt_proj_->weight.uniform_(-bound, bound);
  dt_proj_->bias.copy_(dt_bias(width));
}

ops::ScanBranch SsmImpl::branch(const torch::Tensor& projected, ops::ScanBackend backend) {
  // Split, not narrowed: the three gradients then come back in one concatenation instead of three padded sums.
  const std::vector<torch::Tensor> parts = projected.split_with_sizes({rank_, states_, states_}, -1);
  ops::ScanBranch branch;
  // The bias is added inside the scan's softplus, so only the matrix is applied here.
  branch.delta = ops::low_rank(parts[0], dt_proj_->weight, backend);  // [B, F, V, D]
  branch.b = parts[1];
  branch.c = parts[2];
  branch.a = -torch::exp(a_log_);
  branch.skip = skip_;
  branch.delta_bias = dt_proj_->bias;
  return branch;
}

}  // namespace stgmamba::nn
