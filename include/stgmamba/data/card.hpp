// SPDX-License-Identifier: MIT
// Counts and shares of a dataset beside the paper's: of clips with music (Section 4.1) or, where takes are filmed, of
// films (Section 4.2).
#pragma once

#include <cstdint>
#include <map>
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

/// What Section 4.2 of the paper says of its skeleton-to-video data; a sequence is "a continuous segment" of a video.
struct PaperFilms {
  std::int64_t sequences = 54944, train = 50363, test = 4581;
  int size = 256;        // px, of each side
  double indoor = 0.76;  // share of the scenes; no index says it of its own
};

/// The takes that are filmed.
struct FilmCard {
  using Counts = std::map<std::string, std::int64_t>;
  std::int64_t films = 0, without = 0;  // takes with a film, takes without
  std::int64_t videos = 0;              // sources
  std::int64_t people = 0, nobody = 0;  // people who are named, films that name nobody
  double seconds = 0.0;
  Counts splits;                                // films of train, val and test
  Counts styles, sizes, framings, frame_rates;  // films of each: "kpop", "128x128", "square_crop", "10"
};
FilmCard film_card(const Dataset& dataset);

/// One row a style of `kStyles`, then "all".
std::vector<CardRow> card_rows(const Dataset& dataset);
/// The rows, or where takes are filmed the card of the films, as a table in Markdown, under the dataset's own name,
/// licence and origin.
std::string card_text(const Dataset& dataset);

}  // namespace stgmamba::data
