// SPDX-License-Identifier: MIT
// Generated motion files against the takes of a dataset: do they hear the music, and do they move as real dances do?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::eval {

/// NaN where a take has no true beats, or no other song is there to compare with.
struct MotionScore {
  std::string take;
  double bc = 0.0, bc_star = 0.0;  // against the take's own beats (metrics/beat.hpp; prominence from the real dances)
  double bc_star_real = 0.0;       // the true dance of the take: the ceiling
  double bc_star_other = 0.0;      // the same motion, mean over the beats of every other song
  double speed_ratio = 0.0, jerk_ratio = 0.0;  // generated over real
};

struct MotionScores {
  std::vector<MotionScore> rows;  // one a file
  MotionScore all;                // pooled over the files
  std::string text() const;
};

/// Scores every `<take id>.npz` or `<take id>.json` of `folder` at 10 frames/s, over the seconds that the motion lasts.
/// Throws DataError when a name is no take of `dataset`, or when there is no motion file.
MotionScores score_motions(const data::Dataset& dataset, const std::filesystem::path& folder);

}  // namespace stgmamba::eval
