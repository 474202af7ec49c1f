// SPDX-License-Identifier: MIT
// Tables 3 and 5: rows of generated videos, columns of image and video metrics, in the same boards as the dances'.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/eval/video_columns.hpp"

namespace stgmamba::eval {

struct VideoRow : RowInfo {
  std::optional<VideoScores> scores;  // none: `missing` says what makes it
  bool halves = false;                // the true frames: distances are those between two halves of them
};

/// The row of the true frames: flicker and identity as they really are, distances between two halves of the test set.
VideoRow real_row(const VideoJudge& judge);

/// Measures every row in every column. Intervals draw people and seeds; a distance between wide features of many frames
/// has none, and a note says so. Columns without their network are blank, with a note that says what to fetch.
Board make_video_board(const VideoJudge& judge, const std::vector<VideoColumn>& columns,
                       const std::vector<VideoRow>& rows, const BoardOptions& options);

/// A shipped table's columns of either kind, for gates and checks: whether `name` is a metric of dances or of videos.
bool is_metric(const std::string& name);

}  // namespace stgmamba::eval
