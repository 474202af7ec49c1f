// SPDX-License-Identifier: MIT
// What tables and figures of dances and of videos share on the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/eval/figure.hpp"
#include "stgmamba/eval/table_config.hpp"

#include "eval_actions.hpp"

namespace stgmamba::tools {

/// Gates and baseline of a request, read before anything is measured: a typing error costs no time.
class BoardOutput {
 public:
  explicit BoardOutput(const BoardRequest& request);
  /// Compares with the baseline, prints, and checks the gates: the exit code.
  int show(eval::Board board, const SharedFlags& flags) const;

 private:
  const BoardRequest& request_;
  std::vector<eval::Gate> gates_;
  std::optional<eval::Board> baseline_;
};

/// The row that others are compared with: --against, or the table's.
std::string against_of(const BoardRequest& request, const eval::TableConfig& table);

/// The table's runs, those that are missing trained first where the request says so.
std::vector<eval::TableRun> find_runs(const eval::TableConfig& table, const std::string& data,
                                      const BoardRequest& request, const SharedFlags& flags);

/// What a table says of a row, and those of its runs that have finished.
struct RowRuns {
  eval::RowInfo info;  // `missing` names the first run that is not there, `seeds` those that are
  std::vector<const eval::TableRun*> finished;
};
/// Throws ConfigError where a finished run was made from other data than `data_hash`, or another configuration.
RowRuns runs_of(const eval::TableRow& row, const std::vector<eval::TableRun>& runs, std::size_t index,
                const std::string& data_hash);

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

/// {"row": {"column": number}} of --study into the rows.
void add_study(const std::string& path, const std::vector<std::string>& columns,
               const std::vector<eval::RowInfo*>& rows);

}  // namespace stgmamba::tools
