// SPDX-License-Identifier: MIT
#include "ops/cuda_scan.hpp"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "stgmamba/util/check.hpp"

#include "ops/kernel_scan.hpp"
#include "scan/gpu/scan.hpp"

namespace stgmamba::ops {
namespace {

void forward(const kernels::ScanForward& problem) {
  const char* wrong = kernels::cuda::scan_forward(problem, c10::cuda::getCurrentCUDAStream().stream());
  STG_CHECK(wrong == nullptr, "[selective_scan] {}", wrong);
}

void backward(const kernels::ScanBackward& problem) {
  // Handed back at once: the allocator gives it out again only to work that comes later on this stream.
  const auto bytes = static_cast<std::int64_t>(kernels::gpu_scan_backward_workspace(problem));
  const at::Tensor workspace = torch::empty({bytes}, torch::dtype(torch::kByte).device(torch::kCUDA));
  const char* wrong =
      kernels::cuda::scan_backward(problem, workspace.data_ptr(), c10::cuda::getCurrentCUDAStream().stream());
  STG_CHECK(wrong == nullptr, "[selective_scan] {}", wrong);
}

}  // namespace

std::vector<ScanOutput> cuda_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches) {
  // Autograd makes u's device the current one for the backward pass by itself.
  const c10::cuda::CUDAGuard guard(u.device());
  static constexpr KernelLaunch kLaunch = {forward, backward};
  return kernel_scan(u, branches, kLaunch);
}

}  // namespace stgmamba::ops
