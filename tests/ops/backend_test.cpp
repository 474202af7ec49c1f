// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/ops/selective_scan.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::ops {
namespace {

using testing::HasSubstr;

TEST(ScanBackends, NamesOfThisBuild) {
  EXPECT_EQ(scan_backend_from_name("auto"), ScanBackend::kAuto);
  EXPECT_EQ(scan_backend_from_name("reference"), ScanBackend::kReference);
  EXPECT_EQ(scan_backend_from_name("cpu"), ScanBackend::kCpu);
  EXPECT_THAT(test::error_of([] { scan_backend_from_name("tpu"); }),
              HasSubstr("cpu or reference (the ones this build has), got 'tpu'"));
  EXPECT_THAT(scan_backends_here(), HasSubstr("cpu ("));
}

ScanBranch branch_for(const torch::Tensor& u, std::int64_t states) {
  ScanBranch branch;
  branch.delta = torch::randn_like(u);
  branch.b = branch.c = torch::randn({u.size(0), u.size(1), u.size(2), states});
  branch.a = -torch::ones({u.size(3), states});
  branch.skip = branch.delta_bias = torch::zeros({u.size(3)});
  return branch;
}

TEST(ScanBackends, MoreStatesThanAKernelHoldsRunByTheReference) {
  const torch::Tensor u = torch::randn({1, 2, 3, 4});
  const ScanBranch branch = branch_for(u, 300);
  EXPECT_TRUE(torch::equal(selective_scan(u, {branch}, ScanBackend::kAuto)[0].y,
                           selective_scan(u, {branch}, ScanBackend::kReference)[0].y));
  EXPECT_THAT(test::error_of([&] { selective_scan(u, {branch}, ScanBackend::kCpu); }), HasSubstr("with 300 states"));
}

TEST(ScanBackends, OperandsMustBeReal) {
  const torch::Tensor u = torch::randn({1, 2, 3, 4});
  ScanBranch branch = branch_for(u, 5);
  branch.a = torch::complex(branch.a, branch.a);
  EXPECT_THAT(test::error_of([&] { selective_scan(u, {branch}); }), HasSubstr("a must be real, got ComplexFloat"));
}

TEST(ScanBackends, OnesThatWereNotBuiltAreAConfigError) {
  const torch::Tensor u = torch::randn({1, 2, 3, 4});
  const ScanBranch branch = branch_for(u, 5);
  EXPECT_TRUE(torch::equal(selective_scan(u, {branch}, ScanBackend::kAuto)[0].y,
                           selective_scan(u, {branch}, ScanBackend::kCpu)[0].y));
  const auto run = [&] { selective_scan(u, {branch}, ScanBackend::kCuda); };
  EXPECT_EQ(test::exit_code_of(run), 3);
  EXPECT_THAT(test::error_of(run), HasSubstr("'cuda'"));
}

}  // namespace
}  // namespace stgmamba::ops
