// SPDX-License-Identifier: MIT
// A whole STGM block on a GPU against the same block on the CPU. Skipped where there is no GPU.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/nn/stgm_block.hpp"

namespace stgmamba::nn {
namespace {

using torch::Tensor;

TEST(CudaBlock, EqualsTheCpuForwardAndBackward) {
  if (!torch::cuda::is_available()) {
    GTEST_SKIP() << "no GPU here (the emulated device runs the same kernels everywhere)";
  }
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);  // on by default; with it one bias's gradient is 1.3e-4 away
  torch::manual_seed(1);
  StgmBlockConfig config;
  StgmBlock block(config, 1);
  const Tensor z = torch::randn({2, 50, 18, config.d});
  const auto run = [&block](const Tensor& input) {  // output, then every gradient
    block->zero_grad();
    const Tensor x = input.detach().requires_grad_();
    const Tensor out = block->forward(x);
    (out * torch::linspace(-1, 1, out.numel(), x.options()).view(out.sizes())).sum().backward();
    std::vector<Tensor> all = {out.detach().cpu(), x.grad().cpu()};
    for (const Tensor& parameter : block->parameters()) {
      all.push_back(parameter.grad().defined() ? parameter.grad().cpu().clone() : torch::zeros({1}));
    }
    return all;
  };
  const std::vector<Tensor> wanted = run(z);
  block->to(torch::kCUDA);
  const std::vector<Tensor> got = run(z.to(torch::kCUDA));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double size = wanted[i].abs().max().item<double>() + 1e-12;
    EXPECT_LT((got[i] - wanted[i]).abs().max().item<double>() / size, 1e-4) << "value " << i;
  }
}

}  // namespace
}  // namespace stgmamba::nn
