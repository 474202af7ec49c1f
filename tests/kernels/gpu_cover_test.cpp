// SPDX-License-Identifier: MIT
// The real kernels and the real host launcher against double precision, on the device that the program is linked for.
#include "kernels/gpu_cover.hpp"

#include <gtest/gtest.h>

namespace stgmamba::kernels::test {
namespace {

constexpr int kParts = 8;  // so that ctest may run them side by side

class GpuCover : public testing::TestWithParam<int> {};

TEST_P(GpuCover, MatchesDoublePrecision) {
  std::string missing;
  const std::unique_ptr<Device> device = test_device(missing);
  if (device == nullptr) {
    GTEST_SKIP() << missing;
  }
  const std::vector<CoverCase> cases = pairwise_cover();
  for (std::size_t i = static_cast<std::size_t>(GetParam()); i < cases.size(); i += kParts) {
    if (!device->takes(cases[i].shape.io)) {
      continue;
    }
    emulation::settings().order = cases[i].order;
    emulation::settings().seed = i;
    GpuCase scan(cases[i].shape);
    ASSERT_EQ(scan.run(*device), "") << text(cases[i].shape);
    EXPECT_EQ(check(scan), "");
  }
  RecordProperty("cases", static_cast<int>(cases.size()));
}

INSTANTIATE_TEST_SUITE_P(Pairwise, GpuCover, testing::Range(0, kParts));

}  // namespace
}  // namespace stgmamba::kernels::test
