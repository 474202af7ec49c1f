// SPDX-License-Identifier: MIT
// A table of scores: rows of dances, columns of metrics, intervals, the paper's numbers beside ours.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/eval/test_bed.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/metrics/columns.hpp"

namespace stgmamba::eval {

/// What is known of a row beside what is measured.
struct RowInfo {
  std::string name, label;
  bool reference = false;                    // a row that needs no model
  std::string missing;                       // why there is nothing to measure: "stg_train --config ..."
  std::string note;                          // "300 steps, one seed"
  std::vector<std::uint64_t> seeds;          // of training and z, for the cards
  std::map<std::string, double> paper;       // metric -> the paper's number
  std::map<std::string, double> given = {};  // columns that are not measured: a user study's results
};

/// What a row is made from.
struct RowSource : RowInfo {
  std::optional<metrics::DanceSet> dances;  // none: `missing` says what makes it
};

struct BoardCell {
  metrics::Interval ours;       // NaN: not measured
  std::optional<double> paper;  // its number for this row
  metrics::Interval ahead;      // ours minus the row `against`, on the same songs; NaN without one
};

struct BoardRow {
  std::string name, label, missing, note;
  bool reference = false;
  metrics::ScoreSample sample;
  std::vector<BoardCell> cells;  // [columns]
};

struct Board {
  std::string title, against;
  std::vector<metrics::MetricCard> cards;  // [columns]
  std::vector<bool> informative;           // [columns]; false: real dances score no better than with another song
  std::vector<BoardRow> rows;
  std::vector<std::string> notes;
};

struct BoardOptions {
  std::string title;
  std::string against;  // row that others are compared with; empty: none
  metrics::BootstrapOptions bootstrap;
};

/// Measures every source in every column. Shows progress; throws StoppedError when asked to stop.
Board make_board(const TestBed& bed, const std::vector<metrics::Column>& columns, const std::vector<RowSource>& sources,
                 const BoardOptions& options);

/// "text", "md", "csv", "tex" or "json". Throws UsageError for another name.
std::string render(const Board& board, const std::string& format);
io::Json to_json(const Board& board);
/// What render() wrote as JSON. Throws DataError naming the file.
Board read_board(const std::filesystem::path& path);

/// Sets every row beside the one of the same name in an earlier board: a note for each metric that both have. Throws
/// UsageError when their cards are unlike, unless `force`d: then the note says how they differ.
void compare(Board& board, const Board& baseline, bool force);

/// "bc<0.6" or "s1_6.bc_star<=0.2": true of a row that was measured means failure.
struct Gate {
  std::string text, row, metric, comparison;
  double bound = 0.0;
};
Gate parse_gate(const std::string& text);  // throws UsageError
/// Throws UsageError where the gate asks for a row or a metric that a board of these rows and columns will not have:
/// what violations() would find out after everything was measured.
void check_gate(const Gate& gate, const std::vector<std::string>& rows, const std::vector<std::string>& columns);
/// What a gate has to say against a board, one text a row; empty: it holds. References and rows that are missing
/// are not asked unless they are named. A score that is not there fails, and so does a gate that asks nobody.
std::vector<std::string> violations(const Board& board, const Gate& gate);

}  // namespace stgmamba::eval
