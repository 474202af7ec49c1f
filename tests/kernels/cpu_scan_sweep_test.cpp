// SPDX-License-Identifier: MIT
// Every combination of length, D, N, type and branches, with delta and the gradients' scale taking turns: `ctest -L
// sweep`.
#include <gtest/gtest.h>

#include "kernels/scan_cases.hpp"

namespace stgmamba::kernels::test {
namespace {

class CpuScanSweep : public testing::TestWithParam<std::size_t> {};

TEST_P(CpuScanSweep, EveryBuildEqualsDoublePrecision) {
  const std::vector<std::size_t> counts = factor_counts();
  std::vector<std::size_t> c(counts.size());
  c[0] = GetParam();
  do {
    c[4] = (c[0] + c[1] + c[2] + c[6]) % counts[4];
    c[5] = (c[1] + c[3]) % counts[5];
    const WorldShape shape = world_of(c);
    World world(shape);
    const Results wanted = world.reference();
    for (const Isa isa : usable_isas()) {
      CpuRun run;
      run.isa = isa;
      EXPECT_EQ(wrong_with(shape, run, world, wanted), "");
    }
    for (const std::size_t factor : {1, 2, 3, 6}) {
      if (++c[factor] < counts[factor]) {
        break;
      }
      c[factor] = 0;
    }
  } while (c[1] + c[2] + c[3] + c[6] != 0);
}

INSTANTIATE_TEST_SUITE_P(Length, CpuScanSweep, testing::Range(std::size_t{0}, kLengths.size()));

}  // namespace
}  // namespace stgmamba::kernels::test
