// SPDX-License-Identifier: MIT
#include "stgmamba/ops/gru.hpp"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/torch.h>

#include "stgmamba/ops/linear.hpp"
#include "stgmamba/util/check.hpp"

#include "ops/cpu_scan.hpp"
#include "ops/gru_cell.hpp"
#include "ops/rows_product.hpp"
#include "ops/torch_threads.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::size_t kWeights = 4;  // of one direction: W_ih, W_hh, b_ih, b_hh

/// Runs body(d) for every direction, side by side, outside autograd.
void for_directions(std::size_t count, const std::function<void(std::size_t)>& body) {
  const bool inference = c10::InferenceMode::is_enabled();
  on_torch_threads(static_cast<std::int64_t>(count), [&body, inference](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode mode(inference);  // modes are a thread's own; leaving this one turns gradients on
    const torch::NoGradGuard no_grad;
    for (std::int64_t d = begin; d < end; ++d) {
      body(static_cast<std::size_t>(d));
    }
  });
}

/// One layer. Inputs and saved tensors: x [F, B, K], then the weights of each direction; saved too: what the cells
/// left.
class GruLayer : public torch::autograd::Function<GruLayer> {
 public:
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs) {
    const Tensor& x = inputs[0];  // [F, B, K]
    const std::size_t directions = inputs.size() / kWeights;
    const std::int64_t hidden = inputs[2].size(1);
    Tensor y = torch::empty({x.size(0), x.size(1), static_cast<std::int64_t>(directions) * hidden}, x.options());
    std::vector<GruCells> cells(directions);
    for (std::size_t d = 0; d < directions; ++d) {
      const Tensor* w = inputs.data() + 1 + d * kWeights;
      cells[d] = GruCells(linear_rows(x, w[0], w[2]), d == 1);
    }
    RECORD_FUNCTION("stgmamba::gru", c10::ArrayRef<const c10::IValue>{});
    for_directions(directions, [&](std::size_t d) {
      const Tensor* w = inputs.data() + 1 + d * kWeights;
      cells[d].forward(w[1], w[3], y.narrow(2, static_cast<std::int64_t>(d) * hidden, hidden));
    });
    variable_list saved = inputs.vec();
    saved.push_back(y);
    for (const GruCells& c : cells) {
      saved.insert(saved.end(), {c.gates(), c.recurrent()});
    }
    ctx->save_for_backward(std::move(saved));
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& output_grads) {
    STG_CHECK(!torch::GradMode::is_enabled(), "[gru] has no second derivative; call backward without create_graph");
    const variable_list saved = ctx->get_saved_variables();
    const Tensor& x = saved[0];  // [F, B, K]
    const std::size_t directions = saved.size() / (kWeights + 2);
    const std::size_t left = 1 + directions * kWeights;  // y, then gates and recurrent of each direction
    const std::int64_t hidden = saved[2].size(1);
    const Tensor d_y = output_grads[0].contiguous();  // [F, B, directions * H]
    std::vector<GruGradients> gradients(directions);
    {
      RECORD_FUNCTION("stgmamba::gru (backward)", c10::ArrayRef<const c10::IValue>{});
      for_directions(directions, [&](std::size_t d) {
        const std::int64_t column = static_cast<std::int64_t>(d) * hidden;
        const GruCells cells(saved[left + 1 + 2 * d], saved[left + 2 + 2 * d], d == 1);
        gradients[d] = cells.backward(saved[2 + d * kWeights], saved[left].narrow(2, column, hidden),
                                      d_y.narrow(2, column, hidden));
      });
    }
    const Tensor rows = x.flatten(0, 1);  // [F B, K]
    variable_list grads(left);
    for (std::size_t d = 0; d < directions; ++d) {
      const Tensor* w = saved.data() + 1 + d * kWeights;
      const GruGradients& g = gradients[d];
      const RowsGradients in = rows_product_backward(rows, w[0], g.gates.flatten(0, 1), ctx->needs_input_grad(0));
      const RowsGradients back = rows_product_backward(g.before.flatten(0, 1), w[1], g.recurrent.flatten(0, 1), false);
      Tensor* d_w = grads.data() + 1 + d * kWeights;
      d_w[0] = in.weight, d_w[1] = back.weight, d_w[2] = in.bias, d_w[3] = back.bias;
      if (in.x.defined()) {
        const Tensor d_x = in.x.view_as(x);
        grads[0] = grads[0].defined() ? grads[0].add_(d_x) : d_x;
      }
    }
    return grads;
  }
};

}  // namespace

at::Tensor gru(const at::Tensor& x, const std::vector<at::Tensor>& weights, const GruShape& shape,
               ScanBackend backend) {
  const std::size_t directions = shape.bidirectional ? 2 : 1;
  STG_CHECK(x.dim() == 3, "[gru] x must be [B, F, K], got {} dimensions", x.dim());
  STG_CHECK(x.size(1) > 0, "[gru] x must have at least one frame, got [{}, 0, {}]", x.size(0), x.size(2));
  STG_CHECK(weights.size() == static_cast<std::size_t>(shape.layers) * directions * kWeights,
            "[gru] {} layers in {} directions have {} weights, got {}", shape.layers, directions,
            static_cast<std::size_t>(shape.layers) * directions * kWeights, weights.size());
  if (!fused_on_cpu(x, backend) || (x.scalar_type() != at::kFloat && x.scalar_type() != at::kDouble)) {
    const std::int64_t runs = shape.layers * static_cast<std::int64_t>(directions);
    const Tensor first = torch::zeros({runs, x.size(0), weights[1].size(1)}, x.options());
    return std::get<0>(torch::gru(x, first, weights, true, shape.layers, 0.0, torch::GradMode::is_enabled(),
                                  shape.bidirectional, true));
  }
  Tensor y = x.transpose(0, 1).contiguous();  // [F, B, K]
  for (std::size_t layer = 0; layer < static_cast<std::size_t>(shape.layers); ++layer) {
    variable_list inputs = {y};
    const auto own = weights.begin() + static_cast<std::ptrdiff_t>(layer * directions * kWeights);
    inputs.insert(inputs.end(), own, own + static_cast<std::ptrdiff_t>(directions * kWeights));
    y = GruLayer::apply(at::TensorList(inputs));  // [F, B, directions * H]
  }
  return y.transpose(0, 1);  // [B, F, directions * H]
}

}  // namespace stgmamba::ops
