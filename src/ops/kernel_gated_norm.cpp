// SPDX-License-Identifier: MIT
#include "ops/kernel_gated_norm.hpp"

#include <ATen/OpMathType.h>
#include <ATen/record_function.h>

#include "stgmamba/util/check.hpp"

#include "ops/scan_problem.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Inputs and saved tensors in one list: y of every branch, gates, weights, biases; saved also the moments.
struct Views {
  Views(at::TensorList list, std::int64_t branch_count, std::int64_t gate_count)
      : ys(list.slice(0, static_cast<std::size_t>(branch_count))),
        gates(list.slice(ys.size(), static_cast<std::size_t>(gate_count))),
        weights(list.slice(ys.size() + gates.size(), ys.size())),
        biases(list.slice(2 * ys.size() + gates.size(), ys.size())) {}
  at::TensorList ys, gates, weights, biases;
};

/// The operands that both passes read.
template <class Problem>
Problem problem_of(const Views& in) {
  Problem problem;
  const Tensor& y = in.ys[0];
  problem.io = scalar_of(y.scalar_type());
  problem.tokens = y.size(0) * y.size(1) * y.size(2);
  problem.channels = y.size(3);
  problem.branches = static_cast<int>(in.ys.size());
  problem.gates = static_cast<int>(in.gates.size());
  for (std::size_t i = 0; i < in.ys.size(); ++i) {
    problem.y[i] = rows(in.ys[i]);
    problem.weight[i] = in.weights[i].data_ptr();
    problem.bias[i] = in.biases[i].data_ptr();
  }
  for (std::size_t i = 0; i < in.gates.size(); ++i) {
    problem.gate[i] = rows(in.gates[i]);
  }
  return problem;
}

class GatedNorm : public torch::autograd::Function<GatedNorm> {
 public:
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, std::int64_t branches, std::int64_t gates,
                        double epsilon, const GatedNormLaunch* launch) {
    const Views in(inputs, branches, gates);
    auto problem = problem_of<kernels::GatedNormForward>(in);
    Tensor out = torch::empty(in.ys[0].sizes(), in.ys[0].options());  // [B, F, V, D]
    const Tensor moments = torch::empty({problem.tokens, branches, 2}, in.weights[0].options());
    problem.epsilon = epsilon;
    problem.out = rows(out);
    problem.moments = moments.data_ptr();
    RECORD_FUNCTION("stgmamba::gated_norm", c10::ArrayRef<const c10::IValue>{});
    launch->forward(problem);
    variable_list saved = inputs.vec();
    saved.push_back(moments);
    ctx->save_for_backward(saved);
    ctx->saved_data["branches"] = branches;
    ctx->saved_data["gates"] = gates;
    ctx->saved_data["launch"] = reinterpret_cast<std::int64_t>(launch);
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& output_grads) {
    STG_CHECK(!torch::GradMode::is_enabled(),
              "[gated_norm] has no second derivative; call backward without create_graph");
    const variable_list saved = ctx->get_saved_variables();
    // A context keeps numbers and tensors only.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* launch = reinterpret_cast<const GatedNormLaunch*>(ctx->saved_data["launch"].toInt());
    const Views in(saved, ctx->saved_data["branches"].toInt(), ctx->saved_data["gates"].toInt());
    auto problem = problem_of<kernels::GatedNormBackward>(in);
    const Tensor d_out = tokens_in_rows(output_grads[0]);
    problem.moments = saved.back().data_ptr();
    problem.d_out = rows(d_out);
    variable_list grads;
    for (std::size_t i = 0; i + 1 < saved.size(); ++i) {
      grads.push_back(torch::empty(saved[i].sizes(), saved[i].options()));
    }
    const Views d(grads, problem.branches, problem.gates);
    for (std::size_t i = 0; i < d.ys.size(); ++i) {
      problem.d_y[i] = rows(d.ys[i]);
      problem.d_weight[i] = d.weights[i].data_ptr();
      problem.d_bias[i] = d.biases[i].data_ptr();
    }
    for (std::size_t i = 0; i < d.gates.size(); ++i) {
      problem.d_gate[i] = rows(d.gates[i]);
    }
    RECORD_FUNCTION("stgmamba::gated_norm (backward)", c10::ArrayRef<const c10::IValue>{});
    launch->backward(problem);
    grads.resize(saved.size() + 3);  // none for the counts, epsilon and the launch
    return grads;
  }
};

}  // namespace

at::Tensor kernel_gated_norm(const std::vector<GatedNormBranch>& branches, const std::vector<at::Tensor>& gates,
                             double epsilon, const GatedNormLaunch& launch) {
  const Tensor& y = branches[0].y;
  const at::ScalarType wide = at::toOpMathType(y.scalar_type());
  variable_list inputs;
  for (const GatedNormBranch& branch : branches) {
    inputs.push_back(tokens_in_rows(branch.y.to(y.scalar_type())));
  }
  for (const Tensor& gate : gates) {
    inputs.push_back(tokens_in_rows(gate.to(y.scalar_type())));
  }
  for (const GatedNormBranch& branch : branches) {
    inputs.push_back(branch.weight.to(wide).contiguous());
  }
  for (const GatedNormBranch& branch : branches) {
    inputs.push_back(branch.bias.to(wide).contiguous());
  }
  return GatedNorm::apply(at::TensorList(inputs), static_cast<std::int64_t>(branches.size()),
                          static_cast<std::int64_t>(gates.size()), epsilon, &launch);
}

}  // namespace stgmamba::ops
