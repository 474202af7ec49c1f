// SPDX-License-Identifier: MIT
// Forward passes of LibTorch's own modules by our ops: the modules hold the weights, under PyTorch's names.
#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::nn {

/// ops::linear: x [.., K] -> [.., M].
torch::Tensor call(const torch::nn::Linear& linear, const torch::Tensor& x,
                   ops::ScanBackend backend = ops::ScanBackend::kAuto);

/// ops::gru of a unit that is batch first, from zero states: x [B, F, K] -> [B, F, H], in both directions [B, F, 2 H].
torch::Tensor call(const torch::nn::GRU& gru, const torch::Tensor& x);

}  // namespace stgmamba::nn
