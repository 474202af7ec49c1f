// SPDX-License-Identifier: MIT
#include "stgmamba/util/random.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::util {
namespace {

using Words = std::array<std::uint32_t, 4>;

TEST(Philox, KnownAnswers) {  // Random123 kat_vectors, philox4x32 10
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, IsAFunctionOfItsAddress) {
  Random first(7, "noise", 3, 5);
  Random again(7, "noise", 3, 5);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(first.bits(), again.bits());
  }
}

TEST(Random, EveryPartOfTheAddressMatters) {
  const std::vector<std::uint32_t> draws = {Random(7, "noise", 3, 5).bits(), Random(8, "noise", 3, 5).bits(),
                                            Random(7, "crop", 3, 5).bits(),  Random(7, "noise", 4, 5).bits(),
                                            Random(7, "noise", 3, 6).bits(), Random(7, "noise", 5, 3).bits()};
  for (std::size_t i = 0; i < draws.size(); ++i) {
    EXPECT_EQ(std::count(draws.begin(), draws.end(), draws[i]), 1);
  }
}

TEST(Random, StreamsOfDifferentTagsAreUncorrelated) {
  Random noise(7, "noise", 3, 5);
  Random crop(7, "crop", 3, 5);
  double product = 0;
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    product += (noise.uniform() - 0.5) * (crop.uniform() - 0.5);
  }
  EXPECT_NEAR(12.0 * product / n, 0.0, 0.03);  // the correlation; its standard deviation is 0.007
}

TEST(Random, NormalHasItsMoments) {
  Random random(1, "normal");
  double sum = 0;
  double squares = 0;
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0.0, 0.03);
  EXPECT_NEAR(squares / n, 1.0, 0.04);
}

TEST(Random, IntegersAreUniformAndInside) {
  Random random(1, "integer");
  std::vector<int> counts(7);
  for (int i = 0; i < 7000; ++i) {
    ++counts[static_cast<std::size_t>(random.integer(7))];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 1000, 130);
  }
  EXPECT_THROW(random.integer(0), BugError);
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  std::vector<std::int64_t> order = Random(3, "order").permutation(50);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  }
  EXPECT_NE(Random(3, "order").permutation(50), Random(4, "order").permutation(50));
  EXPECT_TRUE(Random(3, "order").permutation(0).empty());
  EXPECT_THROW(Random(3, "order").permutation(-1), BugError);
}

}  // namespace
}  // namespace stgmamba::util
