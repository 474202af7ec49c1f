// SPDX-License-Identifier: MIT
#include "stgmamba/ops/low_rank.hpp"

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

/// The operands that both passes read.
template <class Problem>
Problem problem_of(const Tensor& x, const Tensor& weight) {
  Problem problem;
  problem.io = scalar_of(x.scalar_type());
  problem.tokens = x.size(0) * x.size(1) * x.size(2);
  problem.channels = weight.size(0);
  problem.rank = weight.size(1);
  problem.x = rows(x);
  problem.weight = weight.data_ptr();
  return problem;
}

class LowRank : public torch::autograd::Function<LowRank> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight) {
    auto problem = problem_of<kernels::LowRankForward>(x, weight);
    Tensor out = torch::empty({x.size(0), x.size(1), x.size(2), weight.size(0)}, x.options());  // [B, F, V, D]
    problem.out = rows(out);
    RECORD_FUNCTION("stgmamba::low_rank", c10::ArrayRef<const c10::IValue>{});
    kernels::low_rank_forward(problem, how_to_run());
    ctx->save_for_backward({x, weight});
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& output_grads) {
    STG_CHECK(!torch::GradMode::is_enabled(),
              "[low_rank] has no second derivative; call backward without create_graph");
    const variable_list saved = ctx->get_saved_variables();
    auto problem = problem_of<kernels::LowRankBackward>(saved[0], saved[1]);
    const Tensor d_out = tokens_in_rows(output_grads[0]);
    const Tensor d_x = torch::empty(saved[0].sizes(), saved[0].options());  // [B, F, V, r]
    const Tensor d_weight = torch::empty_like(saved[1]);                    // [D, r]
    problem.d_out = rows(d_out);
    problem.d_x = rows(d_x);
    problem.d_weight = d_weight.data_ptr();
    RECORD_FUNCTION("stgmamba::low_rank (backward)", c10::ArrayRef<const c10::IValue>{});
    kernels::low_rank_backward(problem, how_to_run());
    return {d_x, d_weight};
  }
};

}  // namespace

at::Tensor low_rank(const at::Tensor& x, const at::Tensor& weight, ScanBackend backend) {
  check_tokens("low_rank", "x", x);
  STG_CHECK(weight.dim() == 2 && weight.size(0) > 0, "[low_rank] weight must be [D, r], got {}", text(weight.sizes()));
  check_operand("low_rank", "weight", weight, {weight.size(0), x.size(3)}, x.device());
  if (!fused_on_cpu(x, backend) || weight.size(1) > kernels::kMaxRank) {
    return torch::matmul(x, weight.to(x.scalar_type()).t());
  }
  const at::ScalarType wide = at::toOpMathType(x.scalar_type());
  return LowRank::apply(tokens_in_rows(x), weight.to(wide).contiguous());
}

}  // namespace stgmamba::ops
