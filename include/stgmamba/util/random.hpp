// SPDX-License-Identifier: MIT
// Counter-based randomness: every draw is a pure function of a key and a counter, never of a generator's history, so
// resuming, another number of workers or another number of ranks changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stgmamba::util {

/// Philox-4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// A stream of draws addressed by (seed, tag, a, b): `tag` names the use ("noise", "crop"), `a` and `b` are usually the
/// step or epoch and the global sample index. Two streams with the same address give the same draws.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view tag, std::uint64_t a = 0, std::uint64_t b = 0);

  std::uint32_t bits();
  double uniform();                         // [0, 1)
  double uniform(double low, double high);  // [low, high)
  std::int64_t integer(std::int64_t n);     // 0 .. n-1, unbiased
  double normal();                          // N(0, 1), Box-Muller
  bool chance(double probability);
  void fill_normal(std::vector<float>& out, double sigma);
  std::vector<std::int64_t> permutation(std::int64_t n);

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
};

}  // namespace stgmamba::util
