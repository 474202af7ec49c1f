// SPDX-License-Identifier: MIT
#include "ops/cpu_scan.hpp"

#include "ops/kernel_scan.hpp"
#include "ops/torch_threads.hpp"
#include "scan/cpu/scan.hpp"

namespace stgmamba::ops {
namespace {

kernels::CpuRun how() {
  return {on_torch_threads, kernels::chosen_isa()};
}

void forward(const kernels::ScanForward& problem) {
  kernels::scan_forward(problem, how());
}
void backward(const kernels::ScanBackward& problem) {
  kernels::scan_backward(problem, how());
}

}  // namespace

std::vector<ScanOutput> cpu_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches) {
  static constexpr KernelLaunch kLaunch = {forward, backward};
  return kernel_scan(u, branches, kLaunch);
}

}  // namespace stgmamba::ops
