// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/graph.hpp"

#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "stgmamba/skeleton/layout.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

using Entries = std::map<std::tuple<int, int, int>, double>;  // (subset, source, receiver) to weight

Entries entries_of(Partition partition) {
  const auto matrix = adjacency(partition);
  EXPECT_EQ(matrix.size(), static_cast<std::size_t>(partition_count(partition) * kJoints * kJoints));
  Entries out;
  for (int k = 0; k < partition_count(partition); ++k) {
    for (int v = 0; v < kJoints; ++v) {
      for (int w = 0; w < kJoints; ++w) {
        const double weight = matrix[static_cast<std::size_t>((k * kJoints + v) * kJoints + w)];
        if (weight != 0) {
          out[{k, v, w}] = weight;
        }
      }
    }
  }
  return out;
}

/// mdvs-and-metrics A9: every entry of the published graph.
Entries published() {
  Entries out;
  const int degrees[kJoints] = {4, 4, 4, 3, 2, 4, 3, 2, 3, 3, 2, 3, 3, 2, 3, 3, 2, 2};
  for (int joint = 0; joint < kJoints; ++joint) {
    out[{0, joint, joint}] = 1.0 / degrees[joint];
  }
  const auto add = [&](int k, double weight, std::initializer_list<std::pair<int, int>> links) {
    for (const auto& [source, target] : links) {
      out[{k, source, target}] = weight;
    }
  };
  add(1, 1.0 / 4, {{14, 0}, {15, 0}, {0, 1}, {2, 1}, {5, 1}, {3, 2}, {8, 2}, {6, 5}, {11, 5}});
  add(1, 1.0 / 3, {{4, 3}, {7, 6}, {9, 8}, {8, 9}, {10, 9}, {12, 11}, {11, 12}, {13, 12}, {16, 14}, {17, 15}});
  add(1, 1.0 / 2, {{3, 4}, {6, 7}, {9, 10}, {12, 13}, {14, 16}, {15, 17}});
  add(2, 1.0 / 4, {{1, 0}, {1, 2}, {1, 5}});
  add(2, 1.0 / 3, {{2, 3}, {5, 6}, {2, 8}, {5, 11}, {0, 14}, {0, 15}});
  return out;
}

TEST(Graph, PublishedEntriesWithTheQuirk) {
  const Entries want = published();
  ASSERT_EQ(want.size(), 18U + 25U + 9U);
  const Entries got = entries_of(Partition::kStgcn);
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [place, weight] : want) {
    const auto found = got.find(place);
    ASSERT_NE(found, got.end()) << std::get<0>(place) << ": " << std::get<1>(place) << " to " << std::get<2>(place);
    EXPECT_NEAR(found->second, weight, 1e-7);
  }
}

TEST(Graph, TrueDistancesSplitEveryEdge) {
  const Entries got = entries_of(Partition::kSpatial);
  EXPECT_EQ(got.size(), 52U);
  // Distance to the neck along the graph, by hand.
  const int hops[kJoints] = {1, 0, 1, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 4, 2, 2, 3, 3};
  int farther = 0;
  for (const auto& [place, weight] : got) {
    const auto [k, source, receiver] = place;
    EXPECT_EQ(k, source == receiver ? 0 : hops[source] > hops[receiver] ? 1 : 2) << source << " to " << receiver;
    farther += k == 1 ? 1 : 0;
  }
  EXPECT_EQ(farther, 17);
}

TEST(Graph, ColumnsSumToOneAndPartitionsShareTheirSum) {
  const auto uniform = adjacency(Partition::kUniform);
  for (const Partition partition : {Partition::kSpatial, Partition::kStgcn, Partition::kUniform}) {
    const auto matrix = adjacency(partition);
    for (int w = 0; w < kJoints; ++w) {
      double column = 0;
      for (int v = 0; v < kJoints; ++v) {
        double sum = 0;
        for (int k = 0; k < partition_count(partition); ++k) {
          sum += matrix[static_cast<std::size_t>((k * kJoints + v) * kJoints + w)];
        }
        EXPECT_NEAR(sum, uniform[static_cast<std::size_t>(v * kJoints + w)], 1e-7);
        column += sum;
      }
      EXPECT_NEAR(column, 1.0, 1e-6);
    }
  }
}

TEST(Graph, Names) {
  EXPECT_EQ(partition_from_name("spatial"), Partition::kSpatial);
  EXPECT_EQ(partition_from_name("stgcn"), Partition::kStgcn);
  EXPECT_EQ(partition_from_name("uniform"), Partition::kUniform);
  EXPECT_EQ(test::exit_code_of([] { partition_from_name("distance"); }), 3);
}

}  // namespace
}  // namespace stgmamba::skeleton
