// SPDX-License-Identifier: MIT
// A table of the paper as data: configs/tables/*.yaml. Which metrics, which rows, the paper's numbers, and the runs
// that make ours.
//
//   title: Table 4
//   task: music_to_skeleton          # or skeleton_to_video: rows are video networks, metrics those of videos
//   data: data/mdvs                  # dataset folder; --data replaces it
//   metrics: [pfd, vfd, pvar, bc]
//   study: [realism_expert]          # columns that people fill in: --study FILE.json {"row": {"column": number}}
//   seeds: [1, 2, 3]                 # of training and of z; a row may have its own
//   against: s1_1                    # the row that others are compared with
//   needs: {runs/p: {config: c.yaml, overrides: [data.root=data/x]}}  # runs that the rows' configurations name
//   overrides: [train.steps=600]     # of every run; a row may add its own
//   size: 256, frames: 32            # of the clips, where the rows are video networks
//   rows:
//     s1_6: {label: STG-Mamba, config: s1_6.yaml, paper: {pfd: 86.2}}     # config: relative to this file
//     s2_4: {label: S2-4, config: s2_4.yaml}                              # videos only, as the next:
//     s2_4_chained: {label: S2-4 chained, runs_of: s2_4, infer: {strategy: forward, chained: true}}
//     edge: {label: EDGE, paper: {pfd: 145.9}}                            # no config: no such method here yet
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/infer/strategy.hpp"
#include "stgmamba/train/trainer.hpp"

namespace stgmamba::eval {

struct TableRow {
  std::string name, label, note;
  std::string run;               // name of its runs before "-seed<N>": its own, or that of the row in `runs_of`
  std::filesystem::path config;  // empty: the method does not exist here
  std::vector<std::string> overrides;
  std::vector<std::int64_t> seeds;
  std::map<std::string, double> paper;
  infer::StrategyConfig infer;  // how a video network makes the row's frames
};

/// A run that those of the rows need, like a perceptual network.
struct TableNeed {
  std::filesystem::path run;  // its folder
  std::filesystem::path config;
  std::vector<std::string> overrides;
};

struct TableConfig {
  std::string title, data, against, split = "test", task = "music_to_skeleton";
  std::vector<std::string> metrics, study, styles;
  std::vector<TableRow> rows;
  std::vector<TableNeed> needs;
  std::int64_t size = 256, frames = 32;  // of clips of videos: pixels a side, frames after I_0
  bool videos() const { return task == "skeleton_to_video"; }
};

/// Throws ConfigError with file, line and column: unknown keys, unknown metrics, a row without label, a configuration
/// that is not there.
TableConfig read_table(const std::filesystem::path& file);
/// "1" to "5" is the paper's table in configs/tables; anything else a file. Throws UsageError.
std::filesystem::path find_table(const std::string& name);

/// One training of one row.
struct TableRun {
  std::size_t row = 0;  // into TableConfig::rows
  std::int64_t seed = 1;
  train::TrainOptions options;  // run name <TableRow::run>-seed<N>
  std::string command;          // the same on a command line
  bool finished = false;        // its run.json says so, and its length is that of the configuration
};
/// The runs of `needs` that have to be trained, `overrides` added. One whose folder is there and holds no run is
/// somebody's weights, and is left alone.
std::vector<TableRun> needed_runs(const TableConfig& table, const std::vector<std::string>& overrides);
/// Every run of every row, in the order of the table. `data` and `overrides` go into each.
std::vector<TableRun> table_runs(const TableConfig& table, const std::filesystem::path& runs_dir,
                                 const std::string& data, const std::vector<std::string>& overrides);
/// Throws ConfigError when a run was made, or begun, from another configuration or other data than the table asks for,
/// when its configuration is wrong, or is of another task than the table or makes pictures of another size.
void check_run(const TableConfig& table, const TableRun& run, const std::string& data_hash);

}  // namespace stgmamba::eval
