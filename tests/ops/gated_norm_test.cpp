// SPDX-License-Identifier: MIT
// LayerNorm, gate and sum in one pass, against the ATen ops they stand for.
#include "stgmamba/ops/gated_norm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "scan/cpu/isa.hpp"
#include "support/error_between.hpp"
#include "support/gradcheck.hpp"
#include "support/scoped_env.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
constexpr double kEpsilon = 1e-5;

struct Case {
  std::int64_t batch, frames, joints, channels;
  int branches, gates;
};

struct Operands {
  std::vector<GatedNormBranch> branches;
  std::vector<Tensor> gates, leaves;

  Operands(const Case& c, at::ScalarType type) {
    torch::manual_seed(1);
    const at::ScalarType wide = type == torch::kDouble ? torch::kDouble : torch::kFloat;
    const auto leaf = [this](const Tensor& x) {
      leaves.push_back(x.detach().requires_grad_());
      return leaves.back();
    };
    const std::vector<std::int64_t> sizes = {c.batch, c.frames, c.joints, c.channels};
    for (int i = 0; i < c.branches; ++i) {
      // A large mean beside a small deviation: where a one-pass variance loses its digits.
      branches.push_back({leaf((torch::randn(sizes) * (0.5 + i) + 8 * i).to(type)),
                          leaf(torch::randn({c.channels}).to(wide)), leaf(torch::randn({c.channels}).to(wide))});
    }
    for (int i = 0; i < c.gates; ++i) {
      gates.push_back(leaf((torch::randn(sizes) * 4).to(type)));
    }
  }
  void to_cuda() {
    leaves.clear();
    const auto moved = [this](Tensor& x) {
      x = x.detach().to(torch::kCUDA).requires_grad_();
      leaves.push_back(x);
    };
    for (GatedNormBranch& branch : branches) {
      moved(branch.y), moved(branch.weight), moved(branch.bias);
    }
    for (Tensor& gate : gates) {
      moved(gate);
    }
  }
  Tensor run(ScanBackend backend) const { return gated_norm(branches, gates, kEpsilon, backend); }
  std::vector<Tensor> run_backward(ScanBackend backend) const {
    const Tensor out = run(backend);
    torch::manual_seed(2);
    const Tensor d_out = torch::randn(out.sizes()).to(out.options());
    std::vector<Tensor> results = torch::autograd::grad({out}, leaves, {d_out});
    results.push_back(out.detach());
    return results;
  }
};

TEST(GatedNorm, EqualsLayerNormGateAndSumOnEveryInstructionSet) {
  for (const kernels::Isa isa : kernels::usable_isas()) {
    const test::ScopedEnv env("STG_SCAN_ISA", kernels::isa_name(isa));
    for (const Case& c : {Case{2, 3, 5, 128, 3, 1}, Case{1, 1, 1, 1, 1, 1}, Case{2, 40, 3, 37, 3, 3},
                          Case{1, 2, 18, 256, 4, 1}, Case{3, 1, 2, 16, 2, 2}, Case{1, 7, 1, 15, 1, 1}}) {
      const Operands wide(c, torch::kDouble);
      Operands narrow(c, torch::kFloat);
      const auto wanted = wide.run_backward(ScanBackend::kReference);
      const auto got = narrow.run_backward(ScanBackend::kCpu);
      const bool single = c.channels == 1;  // its deviation is 0: all that is left of y is rounding
      for (std::size_t i = 0; i < got.size(); ++i) {
        if (single && wanted[i].abs().max().item<double>() < 1e-6) {
          continue;
        }
        EXPECT_LT(test::error_between(got[i], wanted[i]), 1e-5)
            << kernels::isa_name(isa) << ", D " << c.channels << ", " << c.branches << " branches, result " << i;
      }
    }
  }
}

TEST(GatedNorm, HalfPrecision) {
  for (const kernels::Isa isa : kernels::usable_isas()) {
    const test::ScopedEnv env("STG_SCAN_ISA", kernels::isa_name(isa));
    for (const auto& [type, tolerance] : {std::pair{torch::kBFloat16, 1.6e-2}, std::pair{torch::kHalf, 2e-3}}) {
      const Case c{2, 3, 5, 40, 3, 1};
      const Operands operands(c, type);
      Operands wide(c, torch::kDouble);
      for (std::size_t i = 0; i < wide.leaves.size(); ++i) {  // the same rounded numbers
        const torch::NoGradGuard no_grad;
        wide.leaves[i].copy_(operands.leaves[i]);
      }
      const auto wanted = wide.run_backward(ScanBackend::kReference);
      const auto got = operands.run_backward(ScanBackend::kCpu);
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_LT(test::error_between(got[i], wanted[i]), tolerance) << kernels::isa_name(isa) << ", result " << i;
      }
    }
  }
}

TEST(GatedNorm, GradientsInDoublePrecision) {
  for (const int gates : {1, 2}) {
    const Operands operands({1, 2, 3, 5, 2, gates}, torch::kDouble);
    test::gradcheck([&operands] { return operands.run(ScanBackend::kCpu); }, operands.leaves, 1e-6);
  }
}

TEST(GatedNorm, ReadsStridedRowsAndTheirGradients) {
  torch::manual_seed(3);
  const Tensor both = torch::randn({2, 3, 4, 48}).requires_grad_();
  const Tensor weight = torch::ones({24});
  const Tensor bias = torch::zeros({24});
  const auto run = [&](ScanBackend backend) {
    const auto halves = both.chunk(2, -1);  // y and gate as views of one matrix
    const Tensor out = gated_norm({{halves[0], weight, bias}}, {halves[1]}, kEpsilon, backend);
    const Tensor seen = out.transpose(1, 2).contiguous().transpose(1, 2);
    return torch::autograd::grad({(seen * seen).sum()}, {both})[0];
  };
  EXPECT_LT(test::error_between(run(ScanBackend::kCpu), run(ScanBackend::kReference)), 1e-5);
}

TEST(GatedNorm, BitsDoNotDependOnThreads) {
  const Operands operands({4, 25, 18, 37, 3, 1}, torch::kFloat);
  const int before = at::get_num_threads();
  std::vector<Tensor> wanted;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const auto got = operands.run_backward(ScanBackend::kCpu);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(torch::equal(got[i], wanted[i])) << threads << " threads, result " << i;
    }
    wanted = got;
  }
  at::set_num_threads(before);
}

TEST(GatedNorm, RefusesWhatItCannotDo) {
  const Operands operands({1, 1, 2, 8, 2, 1}, torch::kFloat);
  EXPECT_THAT(test::error_of([&] {
                torch::autograd::grad({operands.run(ScanBackend::kCpu).sum()}, operands.leaves, {}, true, true);
              }),
              testing::HasSubstr("no second derivative"));
  std::vector<GatedNormBranch> branches = operands.branches;
  branches[1].weight = torch::ones({1, 8});
  EXPECT_THAT(test::error_of([&] { gated_norm(branches, operands.gates, kEpsilon); }),
              testing::HasSubstr("weight must be [8], got [1, 8]"));
  EXPECT_THAT(test::error_of([&] { gated_norm(operands.branches, {}, kEpsilon); }),
              testing::HasSubstr("one gate or one"));
  const Tensor none = torch::zeros({1, 0, 2, 8});
  EXPECT_THAT(test::error_of([&] {
                gated_norm({{none, torch::ones({8}), torch::ones({8})}}, {none}, kEpsilon);
              }),
              testing::HasSubstr("not empty, got [1, 0, 2, 8]"));
}

TEST(GatedNorm, TypesMayDifferBetweenBranches) {
  Operands operands({1, 3, 2, 24, 2, 1}, torch::kFloat);
  operands.branches[1].y = operands.branches[1].y.to(torch::kBFloat16);
  EXPECT_LT(test::error_between(operands.run(ScanBackend::kCpu), operands.run(ScanBackend::kReference)), 1e-5);
}

TEST(CudaGatedNorm, EqualsTheCpu) {
  if (!torch::cuda::is_available()) {
    GTEST_SKIP() << "no GPU here (the emulated device runs the same kernels everywhere)";
  }
  for (const auto& [type, tolerance] :
       {std::pair{torch::kFloat, 2e-5}, std::pair{torch::kBFloat16, 1.6e-2}, std::pair{torch::kHalf, 2e-3}}) {
    Operands operands({2, 50, 18, 128, 3, 1}, type);
    const auto wanted = operands.run_backward(ScanBackend::kCpu);
    operands.to_cuda();
    const auto got = operands.run_backward(ScanBackend::kCuda);
    const auto again = operands.run_backward(ScanBackend::kAuto);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LT(test::error_between(got[i].cpu(), wanted[i]), tolerance) << c10::toString(type) << ", result " << i;
      EXPECT_TRUE(torch::equal(got[i], again[i])) << "result " << i;
    }
  }
}

}  // namespace
}  // namespace stgmamba::ops
