// SPDX-License-Identifier: MIT
// The GPU's gated norm behind the real autograd glue, on CPU tensors: the emulated device takes the place of CUDA.
#include <set>
#include <tuple>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "block/gpu/gated_norm.hpp"
#include "emulation/grid.hpp"
#include "ops/kernel_gated_norm.hpp"
#include "support/error_between.hpp"
#include "support/gradcheck.hpp"

namespace stgmamba::ops {
namespace {

using kernels::emulation::ThreadOrder;
using torch::Tensor;

void forward(const kernels::GatedNormForward& problem) {
  ASSERT_STREQ(kernels::emulated::gated_norm_forward(problem, nullptr), nullptr);
}
void backward(const kernels::GatedNormBackward& problem) {
  const auto bytes = static_cast<std::int64_t>(kernels::gpu_gated_norm_workspace(problem));
  const Tensor workspace = torch::full({bytes}, 255, torch::kByte);  // NaN, should anything read what it did not write
  ASSERT_STREQ(kernels::emulated::gated_norm_backward(problem, workspace.data_ptr(), nullptr), nullptr);
}
constexpr GatedNormLaunch kLaunch = {forward, backward};

struct Operands {
  std::vector<GatedNormBranch> branches;
  std::vector<Tensor> gates, leaves;

  Operands(std::vector<std::int64_t> sizes, int branch_count, int gate_count, at::ScalarType type) {
    torch::manual_seed(1);
    const at::ScalarType wide = type == torch::kDouble ? torch::kDouble : torch::kFloat;
    const auto leaf = [this](const Tensor& x, at::ScalarType to) {
      leaves.push_back(x.to(to).detach().requires_grad_());
      return leaves.back();
    };
    for (int i = 0; i < branch_count; ++i) {
      branches.push_back({leaf(torch::randn(sizes) + 3 * i, type), leaf(torch::randn({sizes.back()}), wide),
                          leaf(torch::randn({sizes.back()}), wide)});
    }
    for (int i = 0; i < gate_count; ++i) {
      gates.push_back(leaf(torch::randn(sizes) * 3, type));
    }
  }
  std::vector<Tensor> results(bool emulated) const {
    const Tensor out = emulated ? kernel_gated_norm(branches, gates, 1e-5, kLaunch)
                                : gated_norm(branches, gates, 1e-5, ScanBackend::kReference);
    torch::manual_seed(2);
    std::vector<Tensor> all = torch::autograd::grad({out}, leaves, {torch::randn(out.sizes()).to(out.scalar_type())});
    all.push_back(out.detach());
    return all;
  }
};

/// A thread order for a scope.
class InOrder {
 public:
  explicit InOrder(ThreadOrder order) { kernels::emulation::settings().order = order; }
  ~InOrder() { kernels::emulation::settings().order = ThreadOrder::kForward; }
  InOrder(const InOrder&) = delete;
  InOrder& operator=(const InOrder&) = delete;
};

TEST(EmulatedGatedNorm, EqualsAtenInEveryOrderOfThreads) {
  for (const ThreadOrder order : {ThreadOrder::kForward, ThreadOrder::kReverse, ThreadOrder::kRandom}) {
    const InOrder scope(order);
    for (const auto& [channels, branches, gates] : {std::tuple{128, 3, 1}, std::tuple{3, 1, 1}, std::tuple{37, 3, 3},
                                                    std::tuple{160, 4, 1}, std::tuple{32, 2, 2}}) {
      const Operands operands({1, 3, 4, channels}, branches, gates, torch::kFloat);
      const auto got = operands.results(true);
      const auto wanted = operands.results(false);
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_LT(test::error_between(got[i], wanted[i]), 2e-5) << "D " << channels << ", result " << i;
      }
    }
  }
}

/// Several tokens a block and several warps: the two buffers of the block sums take turns.
TEST(EmulatedGatedNorm, ManyTokensOfSeveralWarpsInEveryOrderOfThreads) {
  const Operands operands({1, 1, 2500, 37}, 2, 1, torch::kFloat);
  const auto wanted = operands.results(false);
  for (const ThreadOrder order : {ThreadOrder::kForward, ThreadOrder::kReverse, ThreadOrder::kRandom}) {
    const InOrder scope(order);
    const auto got = operands.results(true);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LT(test::error_between(got[i], wanted[i]), 2e-5) << "result " << i;
    }
  }
}

TEST(EmulatedGatedNorm, MoreTokensThanBlocksAndHalfPrecision) {
  for (const auto& [type, tolerance] :
       {std::pair{torch::kFloat, 2e-5}, std::pair{torch::kBFloat16, 1.6e-2}, std::pair{torch::kHalf, 2e-3}}) {
    const Operands operands({2, 1, 1030, 5}, 3, 1, type);  // 2060 tokens over 1024 blocks
    Operands wide({2, 1, 1030, 5}, 3, 1, torch::kDouble);
    for (std::size_t i = 0; i < wide.leaves.size(); ++i) {
      const torch::NoGradGuard no_grad;
      wide.leaves[i].copy_(operands.leaves[i]);
    }
    const auto got = operands.results(true);
    const auto wanted = wide.results(false);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LT(test::error_between(got[i], wanted[i]), tolerance) << c10::toString(type) << ", result " << i;
    }
    const auto again = operands.results(true);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_TRUE(torch::equal(again[i], got[i])) << "result " << i;
    }
  }
}

TEST(EmulatedGatedNorm, GradientsInDoublePrecision) {
  for (const int gates : {1, 2}) {
    const Operands operands({1, 2, 2, 5}, 2, gates, torch::kDouble);
    test::gradcheck([&] { return kernel_gated_norm(operands.branches, operands.gates, 1e-5, kLaunch); },
                    operands.leaves, 1e-6);
  }
}

/// Every barrier is needed: without it the race shadow must speak up.
TEST(EmulatedGatedNorm, TheShadowSeesAMissingBarrier) {
  auto& settings = kernels::emulation::settings();
  settings.barrier_lines.clear();
  const Operands operands({1, 1, 3, 64}, 2, 1, torch::kFloat);
  operands.results(true);
  const std::set<unsigned> lines = settings.barrier_lines;
  ASSERT_FALSE(lines.empty());
  for (const unsigned line : lines) {
    settings.skip_barrier_line = line;
    EXPECT_THROW(operands.results(true), kernels::emulation::Fault) << "line " << line;
    settings.skip_barrier_line = 0;
  }
}

TEST(EmulatedGatedNorm, RefusesWhatItCannotDo) {
  kernels::GatedNormForward problem;
  problem.tokens = 1;
  problem.branches = problem.gates = 1;
  problem.channels = 513;
  EXPECT_NE(kernels::emulated::gated_norm_forward(problem, nullptr), nullptr);
  problem.channels = 8;
  problem.gates = 2;
  EXPECT_NE(kernels::emulated::gated_norm_forward(problem, nullptr), nullptr);
}

}  // namespace
}  // namespace stgmamba::ops
