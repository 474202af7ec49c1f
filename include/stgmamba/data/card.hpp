// SPDX-License-Identifier: MIT
// Counts and shares of a dataset beside the paper's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::data {

struct CardRow {
  std::string style;                              // a style, or "all"
  std::int64_t videos = 0, takes = 0, clips = 0;  // clips: whole 5 s cuts
  double seconds = 0.0;
  double test_video_share = 0.0;  // of the videos, 0..1
  std::int64_t paper_videos = 0, paper_clips = 0;
};

/// One row a style of `kStyles`, then "all".
std::vector<CardRow> card_rows(const Dataset& dataset);
/// The rows as a table in Markdown, under the card's own name, licence and origin.
std::string card_text(const Dataset& dataset);

}  // namespace stgmamba::data
