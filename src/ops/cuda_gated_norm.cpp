// SPDX-License-Identifier: MIT
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "stgmamba/util/check.hpp"

#include "block/gpu/gated_norm.hpp"
#include "ops/kernel_gated_norm.hpp"

namespace stgmamba::ops {
namespace {

void forward(const kernels::GatedNormForward& problem) {
  const char* wrong = kernels::cuda::gated_norm_forward(problem, c10::cuda::getCurrentCUDAStream().stream());
  STG_CHECK(wrong == nullptr, "[gated_norm] {}", wrong);
}

void backward(const kernels::GatedNormBackward& problem) {
  // Handed back at once: the allocator gives it out again only to work that comes later on this stream.
  const auto bytes = static_cast<std::int64_t>(kernels::gpu_gated_norm_workspace(problem));
  const at::Tensor workspace = torch::empty({bytes}, torch::dtype(torch::kByte).device(torch::kCUDA));
  const char* wrong =
      kernels::cuda::gated_norm_backward(problem, workspace.data_ptr(), c10::cuda::getCurrentCUDAStream().stream());
  STG_CHECK(wrong == nullptr, "[gated_norm] {}", wrong);
}

}  // namespace

at::Tensor cuda_gated_norm(const std::vector<GatedNormBranch>& branches, const std::vector<at::Tensor>& gates,
                           double epsilon) {
  // Autograd makes y's device the current one for the backward pass by itself.
  const c10::cuda::CUDAGuard guard(branches[0].y.device());
  static constexpr GatedNormLaunch kLaunch = {forward, backward};
  return kernel_gated_norm(branches, gates, epsilon, kLaunch);
}

}  // namespace stgmamba::ops
