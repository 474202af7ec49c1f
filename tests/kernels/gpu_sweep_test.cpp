// SPDX-License-Identifier: MIT
// Every combination of length, channels, states and type, in every thread order: minutes on the emulated device,
// seconds on a GPU. ctest label `sweep`.
#include <gtest/gtest.h>

#include "kernels/gpu_cover.hpp"

namespace stgmamba::kernels::test {
namespace {

using Part = std::tuple<Scalar, emulation::ThreadOrder>;
class GpuSweep : public testing::TestWithParam<Part> {};

TEST_P(GpuSweep, MatchesDoublePrecision) {
  std::string missing;
  const std::unique_ptr<Device> device = test_device(missing);
  const auto [io, order] = GetParam();
  if (device == nullptr || !device->takes(io)) {
    GTEST_SKIP() << (device == nullptr ? missing : "no float64 on this device");
  }
  emulation::settings().order = order;
  for (const CoverCase& one : full_product(io, order)) {
    GpuCase scan(one.shape);
    ASSERT_EQ(scan.run(*device), "") << text(one.shape);
    EXPECT_EQ(check(scan), "");
  }
}

std::string name_of(const testing::TestParamInfo<Part>& part) {
  const char* const types[] = {"float32", "float64", "bfloat16", "float16"};
  const char* const orders[] = {"forward", "reverse", "random"};
  return std::string(types[static_cast<int>(std::get<0>(part.param))]) + "_" +
         orders[static_cast<int>(std::get<1>(part.param))];
}

using emulation::ThreadOrder;
INSTANTIATE_TEST_SUITE_P(
    Product, GpuSweep,
    testing::Combine(testing::Values(Scalar::kFloat32, Scalar::kFloat64, Scalar::kBFloat16, Scalar::kFloat16),
                     testing::Values(ThreadOrder::kForward, ThreadOrder::kReverse, ThreadOrder::kRandom)),
    name_of);

}  // namespace
}  // namespace stgmamba::kernels::test
