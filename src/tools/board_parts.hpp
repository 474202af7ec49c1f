// SPDX-License-Identifier: MIT
// What tables and figures of dances and of videos share on the command line.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/eval/figure.hpp"
#include "stgmamba/eval/table_config.hpp"

#include "eval_actions.hpp"

namespace stgmamba::tools {

/// Gates, baseline, user study and --against of a request, read before anything is trained or measured: a typing error
/// costs no time.
class BoardOutput {
 public:
  BoardOutput(const BoardRequest& request, const eval::TableConfig& table);
  /// Refuses what names rows or columns that the board will not have: UsageError for a gate, DataError for the study.
  void check(const std::vector<std::string>& rows, const std::vector<std::string>& columns) const;
  /// Title, row to compare with and replicates of the board.
  eval::BoardOptions options(const std::string& title) const;
  /// The study's numbers into the row of this name.
  void add_study(eval::RowInfo& row) const;
  /// Compares with the baseline, prints, and checks the gates: the exit code.
  int show(eval::Board board, const SharedFlags& flags) const;

 private:
  const BoardRequest& request_;
  std::string against_;
  std::vector<eval::Gate> gates_;
  std::optional<eval::Board> baseline_;
  std::map<std::string, std::map<std::string, double>> study_;  // row -> column -> share
};

/// The table's runs, those that are missing trained first where the request says so. Before the first is trained all
/// configurations are read. Throws ConfigError where a run was made from other data than `data_hash`, or another
/// configuration.
std::vector<eval::TableRun> find_runs(const eval::TableConfig& table, const std::string& data,
                                      const std::string& data_hash, const BoardRequest& request,
                                      const SharedFlags& flags);

/// What a table says of a row, and those of its runs that have finished.
struct RowRuns {
  eval::RowInfo info;  // `missing` names the first run that is not there, `seeds` those that are
  std::vector<const eval::TableRun*> finished;
};
RowRuns runs_of(const eval::TableRow& row, const std::vector<eval::TableRun>& runs, std::size_t index);

/// A run by name for a figure: "LABEL=PATH", or "PATH", whose folder is the label.
struct NamedRun {
  std::string label;
  std::filesystem::path path;
};
NamedRun named_run(const std::string& text);
/// A row of the table and its run by the first seed that has finished; the log names the rows that have none.
struct FinishedRow {
  const eval::TableRow* row;
  std::filesystem::path run;
};
std::vector<FinishedRow> finished_rows(const eval::TableConfig& table, const BoardRequest& request,
                                       const std::string& data, const std::string& data_hash);

/// Writes the figure's files and prints their names and the caption, or with --json its numbers.
void show_figure(const eval::Figure& made, const FigureRequest& figure, const SharedFlags& flags);

}  // namespace stgmamba::tools
