// SPDX-License-Identifier: MIT
#include "stgmamba/util/random.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "stgmamba/util/check.hpp"

namespace stgmamba::util {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t left = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t right = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(right >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(right),
               static_cast<std::uint32_t>(left >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(left)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

namespace {

std::uint64_t fnv1a(std::string_view text, std::uint64_t value) {
  for (const char c : text) {
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return value;
}

/// SplitMix64's finaliser: spreads an address over all bits.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view tag, std::uint64_t a, std::uint64_t b) {
  const std::uint64_t key = mix(fnv1a(tag, 0xCBF29CE484222325ULL) ^ mix(seed + 0x9E3779B97F4A7C15ULL));
  const std::uint64_t lane = mix(a + 0x9E3779B97F4A7C15ULL * (b + 1)) ^ mix(b);
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32U)};
  counter_ = {0, 0, static_cast<std::uint32_t>(lane), static_cast<std::uint32_t>(lane >> 32U)};
}

std::uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    used_ = 0;
    if (++counter_[0] == 0) {
      ++counter_[1];
    }
  }
  return block_[static_cast<std::size_t>(used_++)];
}

double Random::uniform() {
  const std::uint64_t high = bits() >> 5U;
  const std::uint64_t low = bits() >> 6U;
  return static_cast<double>(high * 67108864ULL + low) / 9007199254740992.0;  // 53 bits
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

std::int64_t Random::integer(std::int64_t n) {
  STG_CHECK(n > 0, "[Random] integer(n) needs n > 0, got {}", n);
  const auto range = static_cast<std::uint64_t>(n);
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % range;
  for (;;) {
    const std::uint64_t high = bits();
    const std::uint64_t draw = (high << 32U) | bits();
    if (draw < limit) {
      return static_cast<std::int64_t>(draw % range);
    }
  }
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

bool Random::chance(double probability) {
  return uniform() < probability;
}

void Random::fill_normal(std::vector<float>& out, double sigma) {
  for (float& value : out) {
    value = static_cast<float>(sigma * normal());
  }
}

std::vector<std::int64_t> Random::permutation(std::int64_t n) {
  STG_CHECK(n >= 0, "[Random] permutation(n) needs n >= 0, got {}", n);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::int64_t i = n - 1; i > 0; --i) {  // Fisher-Yates
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(integer(i + 1))]);
  }
  return order;
}

}  // namespace stgmamba::util
