// SPDX-License-Identifier: MIT
// What stg_eval does beside parity bundles: tables of scores, the causal card, scaling.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/eval/table_config.hpp"
#include "stgmamba/tools/program.hpp"

namespace stgmamba::tools {

/// The command line of a table of scores.
struct BoardRequest {
  std::string table;      // 1 to 5 or a file; empty: a board of what is named below
  std::string data;       // dataset folder; empty: the table's
  std::string split;      // empty: the table's, or test
  std::string generated;  // a folder of dances becomes a row
  std::string joints = "openpose18";
  std::string beats = "auto";                             // truth, tracker or auto
  std::filesystem::path checkpoint;                       // a run or checkpoint becomes a row
  std::vector<std::string> metrics;                       // empty: the table's, or a general choice
  std::vector<std::int64_t> seeds = {1, 2, 3};            // of z, for `checkpoint` and the reference rows
  std::vector<std::string> gates;                         // --fail-if
  std::vector<std::string> overrides;                     // of the table's runs
  std::string style_classifier;                           // a run; empty: no such column
  std::string format = "text", baseline, study, against;  // a row; empty: the table's
  std::filesystem::path runs_dir = "runs", metric_nets = "data/metric-nets";
  int replicates = 500;
  bool cards = false, force = false, run_missing = false, references = true;
};

/// The command line of a figure; music, table and runs come from the BoardRequest beside it.
struct FigureRequest {
  int number = 0;                                                  // 0: none
  std::vector<std::string> runs;                                   // "LABEL=PATH" or "PATH"
  std::string out;                                                 // empty: figureN.png
  std::string take;                                                // empty: by the figure's style
  double start = -1.0;                                             // s; < 0: the middle of the take
  std::int64_t draws = 8;                                          // of figure 8
  std::vector<std::string> joints = {"right_wrist", "left_knee"};  // examples of figure 9
  std::int64_t block = -1;
  std::string response = "block";
};

/// `stg_eval --figure N`: 1, 10 and 11, which show people.
int run_video_figure(const FigureRequest& figure, const BoardRequest& request, const SharedFlags& flags);
/// The others.
int run_figure(const FigureRequest& figure, const BoardRequest& request, const SharedFlags& flags);
/// Measures, prints, and checks the gates: exit code 10 when one does not hold.
int run_board(const BoardRequest& request, const SharedFlags& flags);
/// The same for a table of videos.
int run_video_board(const BoardRequest& request, const eval::TableConfig& table, const SharedFlags& flags);
/// `stg_eval --metric-nets DIR` alone: which network files are there.
void print_metric_nets(const std::filesystem::path& folder);
/// Every metric's card, with no data at hand.
void print_cards(const SharedFlags& flags);
/// `stg_eval --card music-sensitivity`.
int run_sensitivity(const BoardRequest& request, const SharedFlags& flags);
/// `stg_eval --scaling`: time and memory of a generator from 50 to 6000 frames.
int run_scaling(const std::string& config, const std::filesystem::path& checkpoint,
                const std::vector<std::string>& overrides, const SharedFlags& flags);

}  // namespace stgmamba::tools
