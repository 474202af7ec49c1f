// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/graph.hpp"

#include <array>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr int kFar = 1000;  // "infinitely" many hops

/// Hops from the neck to every joint; the published code knows distances up to 1 only.
std::array<int, kJoints> hops_to_neck(int limit) {
  std::array<int, kJoints> hops{};
  hops.fill(kFar);
  hops[kNeck] = 0;
  for (int distance = 0; distance < limit; ++distance) {
    for (const auto& [a, b] : graph_edges()) {
      auto& left = hops[static_cast<std::size_t>(a)];
      auto& right = hops[static_cast<std::size_t>(b)];
      if (left == distance && right == kFar) {
        right = distance + 1;
      }
      if (right == distance && left == kFar) {
        left = distance + 1;
      }
    }
  }
  return hops;
}

}  // namespace

Partition partition_from_name(std::string_view name) {
  if (name == "spatial") {
    return Partition::kSpatial;
  }
  if (name == "stgcn") {
    return Partition::kStgcn;
  }
  if (name == "uniform") {
    return Partition::kUniform;
  }
  throw ConfigError("graph partition must be spatial, stgcn or uniform, got '{}'", name);
}

int partition_count(Partition partition) {
  return partition == Partition::kUniform ? 1 : 3;
}

std::vector<double> adjacency(Partition partition) {
  std::array<int, kJoints> degree{};
  degree.fill(1);  // the self link
  for (const auto& [a, b] : graph_edges()) {
    ++degree[static_cast<std::size_t>(a)];
    ++degree[static_cast<std::size_t>(b)];
  }
  const auto hops = hops_to_neck(partition == Partition::kStgcn ? 1 : kJoints);
  std::vector<double> out(static_cast<std::size_t>(partition_count(partition) * kJoints * kJoints));
  const auto put = [&](int source, int receiver) {
    int k = 0;
    if (partition != Partition::kUniform && source != receiver) {
      // "Same distance" goes with "farther": true distances never tie between neighbours, infinite ones do.
      k = hops[static_cast<std::size_t>(source)] >= hops[static_cast<std::size_t>(receiver)] ? 1 : 2;
    }
    out[static_cast<std::size_t>((k * kJoints + source) * kJoints + receiver)] =
        1.0 / static_cast<double>(degree[static_cast<std::size_t>(receiver)]);
  };
  for (int joint = 0; joint < kJoints; ++joint) {
    put(joint, joint);
  }
  for (const auto& [a, b] : graph_edges()) {
    put(a, b);
    put(b, a);
  }
  return out;
}

}  // namespace stgmamba::skeleton
