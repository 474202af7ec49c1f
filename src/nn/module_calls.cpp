// SPDX-License-Identifier: MIT
#include "stgmamba/nn/module_calls.hpp"

#include "stgmamba/ops/gru.hpp"
#include "stgmamba/ops/linear.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::nn {

torch::Tensor call(const torch::nn::Linear& linear, const torch::Tensor& x, ops::ScanBackend backend) {
  return ops::linear_rows(x, linear->weight, linear->bias, backend);
}

torch::Tensor call(const torch::nn::GRU& gru, const torch::Tensor& x) {
  const auto& options = gru->options_base;
  STG_CHECK(options.batch_first() && options.dropout() == 0.0, "[call] a GRU must be batch first and without dropout");
  return ops::gru(x, gru->all_weights(), {options.num_layers(), options.bidirectional()});
}

}  // namespace stgmamba::nn
