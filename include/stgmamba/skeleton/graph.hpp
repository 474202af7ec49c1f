// SPDX-License-Identifier: MIT
// The skeleton graph of ST-GCN (mdvs-and-metrics A9), column-normalised and partitioned.
#pragma once

#include <string_view>
#include <vector>

namespace stgmamba::skeleton {

enum class Partition {
  kSpatial,  // K = 3 by true hop distance to the neck: same (self included), farther, nearer
  kStgcn,    // K = 3 with the published quirk: hop distances beyond 1 count as equal
  kUniform,  // K = 1
};

Partition partition_from_name(std::string_view name);
int partition_count(Partition partition);
/// [K, V, V] row-major, entry [k, v, w] = weight of source v for receiver w; columns sum to 1 over k and v.
std::vector<double> adjacency(Partition partition);

}  // namespace stgmamba::skeleton
