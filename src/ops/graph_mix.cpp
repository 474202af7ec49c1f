// SPDX-License-Identifier: MIT
#include "stgmamba/ops/graph_mix.hpp"

#include <ATen/OpMathType.h>
#include <ATen/record_function.h>

#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "ops/cpu_scan.hpp"
#include "ops/operands.hpp"
#include "ops/scan_problem.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The operands that both passes read. sources_receivers: int32 [2, E].
template <class Problem>
Problem problem_of(const Tensor& u, const Tensor& mix, const Tensor& bias, const Tensor& sources_receivers) {
  Problem problem;
  problem.io = scalar_of(u.scalar_type());
  problem.frames = u.size(0) * u.size(1);
  problem.channels = u.size(3);
  problem.edges.count = mix.size(0);
  problem.edges.joints = u.size(2);
  problem.edges.source = sources_receivers.data_ptr<std::int32_t>();
  problem.edges.receiver = problem.edges.source + problem.edges.count;
  problem.u = rows(u);
  problem.mix = mix.data_ptr();
  problem.bias = bias.data_ptr();
  return problem;
}

class GraphMix : public torch::autograd::Function<GraphMix> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& u, const Tensor& mix, const Tensor& bias,
                        const Tensor& sources_receivers) {
    auto problem = problem_of<kernels::GraphMixForward>(u, mix, bias, sources_receivers);
    Tensor out = torch::empty(u.sizes(), u.options());  // [B, F, V, D]
    problem.out = rows(out);
    RECORD_FUNCTION("stgmamba::graph_mix", c10::ArrayRef<const c10::IValue>{});
    kernels::graph_mix_forward(problem, how_to_run());
    ctx->save_for_backward({u, mix, bias, sources_receivers});
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& output_grads) {
    STG_CHECK(!torch::GradMode::is_enabled(),
              "[graph_mix] has no second derivative; call backward without create_graph");
    const variable_list saved = ctx->get_saved_variables();
    auto problem = problem_of<kernels::GraphMixBackward>(saved[0], saved[1], saved[2], saved[3]);
    const Tensor d_out = tokens_in_rows(output_grads[0]);
    const Tensor d_u = torch::empty(saved[0].sizes(), saved[0].options());  // [B, F, V, D]
    const Tensor d_mix = torch::empty_like(saved[1]);                       // [E, D]
    const Tensor d_bias = torch::empty_like(saved[2]);                      // [D]
    problem.d_out = rows(d_out);
    problem.d_u = rows(d_u);
    problem.d_mix = d_mix.data_ptr();
    problem.d_bias = d_bias.data_ptr();
    RECORD_FUNCTION("stgmamba::graph_mix (backward)", c10::ArrayRef<const c10::IValue>{});
    kernels::graph_mix_backward(problem, how_to_run());
    return {d_u, d_mix, d_bias, Tensor()};
  }
};

Tensor composed(const Tensor& u, const Tensor& mix, const Tensor& bias, const Tensor& sources_receivers) {
  const Tensor index = sources_receivers.to(u.device(), at::kLong);           // [2, E]
  const Tensor sent = u.index_select(2, index[0]) * mix.to(u.scalar_type());  // [B, F, E, D]
  const Tensor received = torch::zeros_like(u).index_add(2, index[1], sent);  // [B, F, V, D]
  return torch::silu(received + bias.to(u.scalar_type()));
}

}  // namespace

at::Tensor graph_mix(const at::Tensor& u, const std::vector<GraphEdge>& edges, const at::Tensor& mix,
                     const at::Tensor& bias, ScanBackend backend) {
  const auto count = static_cast<std::int64_t>(edges.size());
  check_tokens("graph_mix", "u", u);
  check_operand("graph_mix", "mix", mix, {count, u.size(3)}, u.device());
  check_operand("graph_mix", "bias", bias, {u.size(3)}, u.device());
  const Tensor sources_receivers = torch::empty({2, count}, torch::kInt);
  auto* numbers = sources_receivers.data_ptr<std::int32_t>();
  for (std::int64_t e = 0; e < count; ++e) {
    numbers[e] = edges[static_cast<std::size_t>(e)].source;
    numbers[count + e] = edges[static_cast<std::size_t>(e)].receiver;
  }
  if (!fused_on_cpu(u, backend)) {
    return composed(u, mix, bias, sources_receivers);
  }
  const at::ScalarType wide = at::toOpMathType(u.scalar_type());
  return GraphMix::apply(tokens_in_rows(u), mix.to(wide).contiguous(), bias.to(wide).contiguous(), sources_receivers);
}

}  // namespace stgmamba::ops
