// SPDX-License-Identifier: MIT
#include "stgmamba/util/smooth.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

namespace stgmamba::util {
namespace {

TEST(GaussianSmooth, IsAMeanOfWhatIsThere) {
  std::vector<double> spike(31, 0.0);
  spike[15] = 1.0;
  const std::vector<double> bell = gaussian_smooth(spike, 2.0);
  EXPECT_NEAR(std::accumulate(bell.begin(), bell.end(), 0.0), 1.0, 1e-12);
  EXPECT_NEAR(bell[13] / bell[15], std::exp(-0.5), 1e-12);
  EXPECT_EQ(bell[8], 0.0);  // beyond three sigma
  for (const double value : gaussian_smooth({5, 5, 5}, 4.0)) {
    EXPECT_NEAR(value, 5.0, 1e-12);  // the ends do not sink
  }
  EXPECT_EQ(gaussian_smooth({3, 1, 4}, 0.0), (std::vector<double>{3, 1, 4}));
  EXPECT_TRUE(gaussian_smooth({}, 1.0).empty());
}

}  // namespace
}  // namespace stgmamba::util
