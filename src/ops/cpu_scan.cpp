// SPDX-License-Identifier: MIT
#include "ops/cpu_scan.hpp"

#include "ops/kernel_scan.hpp"
#include "ops/torch_threads.hpp"

namespace stgmamba::ops {
namespace {

void forward(const kernels::ScanForward& problem) {
  kernels::scan_forward(problem, how_to_run());
}
void backward(const kernels::ScanBackward& problem) {
  kernels::scan_backward(problem, how_to_run());
}

}  // namespace

kernels::CpuRun how_to_run() {
  return {on_torch_threads, kernels::chosen_isa()};
}

bool fused_on_cpu(const at::Tensor& u, ScanBackend backend) {
  return u.is_cpu() && (backend == ScanBackend::kAuto || backend == ScanBackend::kCpu);
}

std::vector<ScanOutput> cpu_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches) {
  static constexpr KernelLaunch kLaunch = {forward, backward};
  return kernel_scan(u, branches, kLaunch);
}

}  // namespace stgmamba::ops
