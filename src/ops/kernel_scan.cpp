// SPDX-License-Identifier: MIT
#include "ops/kernel_scan.hpp"

#include <ATen/OpMathType.h>
#include <ATen/record_function.h>

#include "stgmamba/util/check.hpp"

#include "ops/scan_problem.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// One node for all branches of a call. Inputs and saved tensors: u, then those of each branch in BranchTensors' order.
class KernelScan : public torch::autograd::Function<KernelScan> {
 public:
  static variable_list forward(AutogradContext* ctx, at::TensorList inputs, const CallShape& shape,
                               const KernelLaunch* launch) {
    const CallTensors tensors = unpack(inputs, shape);
    kernels::ScanForward problem = forward_problem(tensors, shape);
    variable_list outputs;  // y and, where kept, the last state of each branch
    variable_list states;
    for (std::size_t i = 0; i < shape.branches.size(); ++i) {
      kernels::ScanBranchForward& branch = problem.branch[i];
      const Tensor y = torch::empty(tensors.u.sizes(), tensors.u.options());  // [B, F, V, D]
      branch.y = rows(y);
      outputs.push_back(y);
      if (shape.branches[i].keep_last) {
        const Tensor& a = tensors.branches[i].a;
        const Tensor last = torch::empty({branch.path.sequences, a.size(0), a.size(1)}, a.options());
        branch.last = last.data_ptr();
        outputs.push_back(last);
        states.push_back(last);
      }
    }
    {
      RECORD_FUNCTION("stgmamba::selective_scan", c10::ArrayRef<const c10::IValue>{});
      launch->forward(problem);
    }
    ctx->save_for_backward(inputs.vec());
    ctx->saved_data["shape"] = to_ints(shape);
    ctx->saved_data["launch"] = reinterpret_cast<std::int64_t>(launch);
    ctx->mark_non_differentiable(states);
    ctx->set_materialize_grads(false);
    return outputs;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& output_grads) {
    STG_CHECK(!torch::GradMode::is_enabled(),
              "[selective_scan] has no second derivative; call backward without create_graph");
    const variable_list saved = ctx->get_saved_variables();
    const CallShape shape = from_ints(ctx->saved_data["shape"].toIntVector());
    // A context keeps numbers and tensors only.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* launch = reinterpret_cast<const KernelLaunch*>(ctx->saved_data["launch"].toInt());
    const CallTensors tensors = unpack(saved, shape);
    BackwardCall call(tensors, shape);
    std::size_t output = 0;
    for (std::size_t i = 0; i < shape.branches.size(); ++i) {
      if (output_grads[output].defined()) {  // an unused branch costs nothing
        call.add(i, output_grads[output]);
      }
      output += shape.branches[i].keep_last ? 2 : 1;
    }
    if (call.problem.branches > 0) {
      RECORD_FUNCTION("stgmamba::selective_scan (backward)", c10::ArrayRef<const c10::IValue>{});
      launch->backward(call.problem);
    }
    variable_list grads = call.gradients();
    grads.resize(saved.size() + 2);  // none for the shape and the launch
    return grads;
  }
};

std::vector<ScanOutput> run_group(const Tensor& u, const ScanBranch* branches, std::size_t count,
                                  const KernelLaunch& launch) {
  const at::ScalarType wide = at::toOpMathType(u.scalar_type());
  CallShape shape;
  variable_list inputs = {tokens_in_rows(u)};
  for (std::size_t i = 0; i < count; ++i) {
    const ScanBranch& branch = branches[i];
    shape.branches.push_back(
        {branch.axis, branch.reverse, !branch.order.empty(), branch.initial_state.defined(), branch.keep_last_state});
    for (const Tensor* x : {&branch.delta, &branch.b, &branch.c}) {
      inputs.push_back(tokens_in_rows(x->to(u.scalar_type())));
    }
    for (const Tensor* x : {&branch.a, &branch.skip, &branch.delta_bias}) {
      inputs.push_back(x->to(wide).contiguous());
    }
    if (branch.initial_state.defined()) {
      inputs.push_back(branch.initial_state.to(wide).contiguous());
    }
    if (!branch.order.empty()) {
      inputs.push_back(torch::tensor(branch.order, torch::kInt).to(u.device()));  // [V]
    }
  }
  const variable_list outputs = KernelScan::apply(at::TensorList(inputs), shape, &launch);
  std::vector<ScanOutput> results;
  for (std::size_t i = 0, output = 0; i < count; ++i) {
    const bool kept = branches[i].keep_last_state;
    results.push_back({outputs[output], kept ? outputs[output + 1] : Tensor()});
    output += kept ? 2 : 1;
  }
  return results;
}

}  // namespace

std::vector<ScanOutput> kernel_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches,
                                    const KernelLaunch& launch) {
  std::vector<ScanOutput> outputs;
  for (std::size_t begin = 0; begin < branches.size();) {
    std::size_t end = begin + 1;
    while (end < branches.size() && end - begin < kernels::kMaxBranches &&
           branches[end].a.size(1) == branches[begin].a.size(1)) {
      ++end;
    }
    for (ScanOutput& output : run_group(u, branches.data() + begin, end - begin, launch)) {
      outputs.push_back(std::move(output));
    }
    begin = end;
  }
  return outputs;
}

}  // namespace stgmamba::ops
