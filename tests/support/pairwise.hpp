// SPDX-License-Identifier: MIT
// A small list of cases in which every two values of different factors meet at least once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <tuple>
#include <vector>

namespace stgmamba::test {

/// counts[f] = how many values factor f has. Each case holds one index a factor; the same list every time.
inline std::vector<std::vector<std::size_t>> pairwise_cover(const std::vector<std::size_t>& counts) {
  using Pair = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;  // factor, value, factor, value
  std::set<Pair> open;
  for (std::size_t f = 0; f < counts.size(); ++f) {
    for (std::size_t g = f + 1; g < counts.size(); ++g) {
      for (std::size_t i = 0; i < counts[f] * counts[g]; ++i) {
        open.emplace(f, i / counts[g], g, i % counts[g]);
      }
    }
  }
  const auto closes = [&](const std::vector<std::size_t>& c) {
    std::vector<Pair> pairs;
    for (std::size_t f = 0; f < c.size(); ++f) {
      for (std::size_t g = f + 1; g < c.size(); ++g) {
        const Pair pair{f, c[f], g, c[g]};
        if (open.count(pair) != 0) {
          pairs.push_back(pair);
        }
      }
    }
    return pairs;
  };
  std::mt19937 random(1);
  std::vector<std::vector<std::size_t>> cases;
  while (!open.empty()) {
    const auto [f, i, g, j] = *open.begin();
    std::vector<std::size_t> best;
    std::vector<Pair> best_pairs;
    for (int attempt = 0; attempt < 60; ++attempt) {
      std::vector<std::size_t> c;
      for (const std::size_t count : counts) {
        c.push_back(random() % count);
      }
      c[f] = i;
      c[g] = j;
      std::vector<Pair> pairs = closes(c);
      if (pairs.size() > best_pairs.size()) {
        best = c;
        best_pairs = std::move(pairs);
      }
    }
    for (const Pair& pair : best_pairs) {
      open.erase(pair);
    }
    cases.push_back(best);
  }
  return cases;
}

}  // namespace stgmamba::test
