// SPDX-License-Identifier: MIT
#include "stgmamba/ops/gated_norm.hpp"

#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "block/gpu/gated_norm.hpp"
#include "ops/cpu_scan.hpp"
#include "ops/kernel_gated_norm.hpp"
#include "ops/operands.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
using torch::autograd::variable_list;

constexpr const char* kOp = "gated_norm";

void forward_on_cpu(const kernels::GatedNormForward& problem) {
  kernels::gated_norm_forward(problem, how_to_run());
}
void backward_on_cpu(const kernels::GatedNormBackward& problem) {
  kernels::gated_norm_backward(problem, how_to_run());
}

Tensor composed(const std::vector<GatedNormBranch>& branches, const std::vector<Tensor>& gates, double epsilon) {
  const at::ScalarType type = branches[0].y.scalar_type();
  variable_list open;
  for (const Tensor& gate : gates) {
    open.push_back(torch::silu(gate.to(type)));
  }
  Tensor total;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const GatedNormBranch& branch = branches[i];
    const Tensor normalised =
        torch::layer_norm(branch.y.to(type), {branch.y.size(3)}, branch.weight.to(type), branch.bias.to(type), epsilon);
    const Tensor y = normalised * open[gates.size() == 1 ? 0 : i];
    total = total.defined() ? total + y : y;
  }
  return total;
}

}  // namespace

at::Tensor gated_norm(const std::vector<GatedNormBranch>& branches, const std::vector<at::Tensor>& gates,
                      double epsilon, ScanBackend backend) {
  STG_CHECK(!branches.empty() && (gates.size() == 1 || gates.size() == branches.size()),
            "[gated_norm] {} branches need one gate or one each, got {}", branches.size(), gates.size());
  const Tensor& y = branches[0].y;
  check_tokens(kOp, "y", y);
  for (const GatedNormBranch& branch : branches) {
    check_operand(kOp, "y", branch.y, y.sizes(), y.device());
    check_operand(kOp, "weight", branch.weight, {y.size(3)}, y.device());
    check_operand(kOp, "bias", branch.bias, {y.size(3)}, y.device());
  }
  for (const Tensor& gate : gates) {
    check_operand(kOp, "gate", gate, y.sizes(), y.device());
  }
  if (branches.size() <= kernels::kMaxBranches && fused_on_cpu(y, backend)) {
    static constexpr GatedNormLaunch kLaunch = {forward_on_cpu, backward_on_cpu};
    return kernel_gated_norm(branches, gates, epsilon, kLaunch);
  }
#ifdef STG_HAVE_CUDA
  const bool wanted = backend == ScanBackend::kAuto || backend == ScanBackend::kCuda;
  if (branches.size() <= kernels::kMaxBranches && wanted && y.is_cuda() && y.scalar_type() != at::kDouble &&
      y.size(3) <= kernels::kGpuNormChannels) {
    return cuda_gated_norm(branches, gates, epsilon);
  }
#endif
  return composed(branches, gates, epsilon);
}

}  // namespace stgmamba::ops
