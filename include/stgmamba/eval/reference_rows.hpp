// SPDX-License-Identifier: MIT
// Rows that need no model and tell what a number is worth (mdvs-and-metrics B11, item 4).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/eval/test_bed.hpp"

namespace stgmamba::eval {

struct ReferenceRow {
  std::string name, label;
  metrics::DanceSet dances;
};

/// real, real_other (the real dances with another song's beats), mean_pose, mean_pose_noise (0.2 px), frozen (each
/// clip's first pose), replay (random stretches of training dances), retrieval (infer/retrieval.hpp), another_dance
/// (another true dance of the same song). Rows that the data have no means for are left out: replay without training
/// dances, retrieval without beats, another_dance where every song was danced once. Those that draw are drawn for each
/// of `seeds`.
std::vector<ReferenceRow> reference_rows(const TestBed& bed, const std::vector<std::uint64_t>& seeds);
/// The names of these rows, in their order, before any is made.
std::vector<std::string> reference_names(const TestBed& bed);

}  // namespace stgmamba::eval
