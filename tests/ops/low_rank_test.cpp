// SPDX-License-Identifier: MIT
// The product with few columns against ATen's.
#include "stgmamba/ops/low_rank.hpp"

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

struct Operands {
  Tensor both, weight;  // x is a view: the first columns of a wider matrix, as x_proj leaves it

  Operands(std::int64_t frames, std::int64_t channels, std::int64_t rank, at::ScalarType type) {
    torch::manual_seed(1);
    both = torch::randn({2, frames, 5, rank + 7}).to(type).requires_grad_();
    weight =
        torch::randn({channels, rank}).to(type == torch::kDouble ? torch::kDouble : torch::kFloat).requires_grad_();
  }
  Tensor run(ScanBackend backend) const { return low_rank(both.narrow(-1, 0, weight.size(1)), weight, backend); }
  std::vector<Tensor> results(ScanBackend backend) const {
    const Tensor out = run(backend);
    torch::manual_seed(2);
    const Tensor d_out = torch::randn(out.sizes()).to(out.scalar_type());
    std::vector<Tensor> all = torch::autograd::grad({out}, {both, weight}, {d_out});
    all.push_back(out.detach());
    return all;
  }
};

TEST(LowRank, EqualsTheProductOnEveryInstructionSet) {
  for (const kernels::Isa isa : kernels::usable_isas()) {
    const test::ScopedEnv env("STG_SCAN_ISA", kernels::isa_name(isa));
    for (const std::int64_t channels : {1, 15, 16, 37, 128}) {
      for (const std::int64_t rank : {1, 2, 4, 7, 8, 32}) {
        for (const auto& [type, tolerance] :
             {std::pair{torch::kFloat, 3e-6}, std::pair{torch::kBFloat16, 1e-2}, std::pair{torch::kHalf, 1.5e-3}}) {
          const Operands operands(30, channels, rank, type);
          const Operands wide(30, channels, rank, torch::kDouble);
          {
            const torch::NoGradGuard no_grad;
            wide.both.copy_(operands.both), wide.weight.copy_(operands.weight);
          }
          const auto got = operands.results(ScanBackend::kCpu);
          const auto wanted = wide.results(ScanBackend::kReference);
          for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_LT(test::error_between(got[i], wanted[i]), tolerance)
                << kernels::isa_name(isa) << " " << c10::toString(type) << ", D " << channels << ", rank " << rank;
          }
        }
      }
    }
  }
}

TEST(LowRank, GradientsInDoublePrecision) {
  const Operands operands(2, 5, 3, torch::kDouble);
  test::gradcheck([&operands] { return operands.run(ScanBackend::kCpu); }, {operands.both, operands.weight}, 1e-6);
}

TEST(LowRank, BitsDoNotDependOnThreads) {
  const Operands operands(90, 37, 4, torch::kFloat);
  const int before = at::get_num_threads();
  std::vector<Tensor> wanted;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const auto got = operands.results(ScanBackend::kCpu);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(torch::equal(got[i], wanted[i])) << threads << " threads, result " << i;
    }
    wanted = got;
  }
  at::set_num_threads(before);
}

TEST(LowRank, ManyColumnsAreAtensProduct) {
  EXPECT_EQ(Operands(3, 16, 33, torch::kBFloat16).run(ScanBackend::kCpu).scalar_type(), torch::kBFloat16);
  const Operands operands(3, 16, 33, torch::kFloat);
  EXPECT_LT(test::error_between(operands.run(ScanBackend::kCpu), operands.run(ScanBackend::kReference)), 1e-6);
}

TEST(LowRank, RefusesWhatItCannotDo) {
  const Operands operands(1, 4, 3, torch::kFloat);
  EXPECT_THAT(test::error_of([&] {
                torch::autograd::grad({operands.run(ScanBackend::kCpu).sum()}, {operands.weight}, {}, true, true);
              }),
              testing::HasSubstr("no second derivative"));
  EXPECT_THAT(test::error_of([&] { low_rank(operands.both, operands.weight); }),
              testing::HasSubstr("weight must be [4, 10], got [4, 3]"));
}

}  // namespace
}  // namespace stgmamba::ops
