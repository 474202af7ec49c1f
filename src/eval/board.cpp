// SPDX-License-Identifier: MIT
#include "stgmamba/eval/board.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/eval/video_board.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace {

using metrics::Column;
using metrics::Interval;
using metrics::Statistic;
using metrics::Weights;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Interval kNothing{kNan, kNan, kNan};

const RowSource* find_row(const std::vector<RowSource>& sources, const std::string& name) {
  for (const RowSource& source : sources) {
    if (source.name == name && source.dances) {
      return &source;
    }
  }
  return nullptr;
}

Interval measure(const Column& column, const Statistic& statistic, std::size_t songs, std::size_t seeds,
                 const metrics::BootstrapOptions& options) {
  if (column.interval) {
    return metrics::bootstrap(statistic, songs, seeds, options);
  }
  return {statistic(Weights::all(songs, seeds)), kNan, kNan};
}

/// Whether real dances score better in this column with their own song than with another one.
bool is_informative(const TestBed& bed, const Column& column, const std::vector<RowSource>& sources,
                    const metrics::BootstrapOptions& options) {
  const RowSource* real = find_row(sources, "real");
  const RowSource* other = find_row(sources, "real_other");
  if (!column.card.hears_music || real == nullptr || other == nullptr) {
    return true;
  }
  const Statistic own = column.measure(bed.yardstick(), *real->dances);
  const Statistic swapped = column.measure(bed.yardstick(), *other->dances);
  return metrics::bootstrap_difference(own, 1, swapped, 1, bed.songs().size(), options).low > 0.0;
}

BoardRow row_of(const TestBed& bed, const RowSource& source, const BoardOptions& options) {
  BoardRow row{source.name, source.label, source.dances ? "" : source.missing, source.note, source.reference, {}, {}};
  row.sample.data = bed.hash().substr(0, 12);
  row.sample.clips = static_cast<std::int64_t>(bed.places().size());
  row.sample.seeds = source.seeds;
  row.sample.replicates = options.bootstrap.replicates;
  row.sample.level = options.bootstrap.level;
  return row;
}

/// One column of every row.
void fill_column(const TestBed& bed, const Column& column, const std::vector<RowSource>& sources,
                 const BoardOptions& options, Board& board) {
  const std::size_t songs = bed.songs().size();
  const RowSource* base = find_row(sources, options.against);
  const Statistic base_statistic =
      base != nullptr && column.measure ? column.measure(bed.yardstick(), *base->dances) : Statistic();
  for (std::size_t r = 0; r < sources.size(); ++r) {
    const RowSource& source = sources[r];
    BoardCell cell{kNothing, {}, kNothing};
    if (const auto found = source.paper.find(column.card.name); found != source.paper.end()) {
      cell.paper = found->second;
    }
    if (const auto found = source.given.find(column.card.name); found != source.given.end()) {
      cell.ours.value = found->second;
    } else if (column.measure && source.dances) {
      const std::size_t seeds = source.dances->seed_count();
      const Statistic statistic = column.measure(bed.yardstick(), *source.dances);
      cell.ours = measure(column, statistic, songs, seeds, options.bootstrap);
      if (base_statistic && column.interval && &source != base && !source.reference) {
        cell.ahead = metrics::bootstrap_difference(statistic, seeds, base_statistic, base->dances->seed_count(), songs,
                                                   options.bootstrap);
      }
    }
    board.rows[r].cells.push_back(cell);
  }
}

/// " (did you mean 'x'?); there are x, y".
std::string choices(const std::string& name, const std::vector<std::string>& names) {
  const std::string near = util::nearest(name, names);
  return fmt::format("{}; there are {}", near.empty() ? "" : " (did you mean '" + near + "'?)",
                     util::join(names, ", "));
}

bool holds(double value, const std::string& comparison, double bound) {
  return comparison == "<"    ? value < bound
         : comparison == "<=" ? value <= bound
         : comparison == ">"  ? value > bound
                              : value >= bound;
}

}  // namespace

Board make_board(const TestBed& bed, const std::vector<Column>& columns, const std::vector<RowSource>& sources,
                 const BoardOptions& options) {
  Board board;
  board.title = options.title;
  board.against = options.against;
  for (const RowSource& source : sources) {
    board.rows.push_back(row_of(bed, source, options));
  }
  util::Progress progress("score", std::ssize(columns), "metric");
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (util::stop_requested()) {
      throw StoppedError("stopped after {} of {} metrics; run the same command again", c, columns.size());
    }
    board.cards.push_back(columns[c].card);
    board.informative.push_back(!columns[c].measure || is_informative(bed, columns[c], sources, options.bootstrap));
    fill_column(bed, columns[c], sources, options, board);
    progress.update(static_cast<std::int64_t>(c) + 1, columns[c].card.title);
  }
  progress.finish();
  return board;
}

void compare(Board& board, const Board& baseline, bool force) {
  for (std::size_t c = 0; c < board.cards.size(); ++c) {
    for (std::size_t other = 0; other < baseline.cards.size(); ++other) {
      if (baseline.cards[other].name != board.cards[c].name) {
        continue;
      }
      for (const BoardRow& row : board.rows) {
        for (const BoardRow& before : baseline.rows) {
          if (before.name != row.name || std::isnan(row.cells[c].ours.value) ||
              std::isnan(before.cells[other].ours.value)) {
            continue;
          }
          const std::string unlike =
              metrics::difference(board.cards[c], row.sample, baseline.cards[other], before.sample);
          if (!unlike.empty() && !force) {
            throw UsageError("--baseline: {}; such numbers do not compare, add --force to set them side by side anyway",
                             unlike);
          }
          const double now = row.cells[c].ours.value, then = before.cells[other].ours.value;
          board.notes.push_back(fmt::format("{} {}: {:.4g}, was {:.4g} ({:+.4g}){}", row.label, board.cards[c].title,
                                            now, then, now - then, unlike.empty() ? "" : "; UNLIKE: " + unlike));
        }
      }
    }
  }
}

Gate parse_gate(const std::string& text) {
  Gate gate;
  gate.text = text;
  const std::size_t at = text.find_first_of("<>");
  if (at != std::string::npos) {
    const std::size_t length = at + 1 < text.size() && text[at + 1] == '=' ? 2 : 1;
    gate.comparison = text.substr(at, length);
    gate.metric = text.substr(0, at);
    std::erase(gate.metric, ' ');
    std::string number = text.substr(at + length);
    std::erase(number, ' ');
    const std::size_t dot = gate.metric.find('.');
    if (dot != std::string::npos) {
      gate.row = gate.metric.substr(0, dot);
      gate.metric = gate.metric.substr(dot + 1);
    }
    if (!gate.metric.empty() && util::parse_number(number, gate.bound)) {
      if (!is_metric(gate.metric)) {
        metrics::pick_columns({gate.metric}, 0.0);  // throws, with the nearest name
      }
      return gate;
    }
  }
  throw UsageError("--fail-if: expects METRIC<NUMBER like \"bc<0.6\" or \"s1_6.bc_star<0.2\" (<, <=, >, >=), got '{}'",
                   text);
}

void check_gate(const Gate& gate, const std::vector<std::string>& rows, const std::vector<std::string>& columns) {
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!gate.row.empty() && !among(rows, gate.row)) {
    throw UsageError("--fail-if \"{}\": must name a row of the table, got '{}'{}", gate.text, gate.row,
                     choices(gate.row, rows));
  }
  if (!among(columns, gate.metric)) {
    throw UsageError("--fail-if \"{}\": must ask for a column of the table, got '{}'{}; --metrics chooses others",
                     gate.text, gate.metric, choices(gate.metric, columns));
  }
}

std::vector<std::string> violations(const Board& board, const Gate& gate) {
  std::vector<std::string> found;
  bool asked = false;
  for (const BoardRow& row : board.rows) {
    if (gate.row.empty() ? row.reference || !row.missing.empty() : row.name != gate.row) {
      continue;
    }
    for (std::size_t c = 0; c < board.cards.size(); ++c) {
      if (board.cards[c].name != gate.metric) {
        continue;
      }
      asked = true;
      const double value = row.cells[c].ours.value;
      if (std::isnan(value)) {
        found.push_back(fmt::format("{}: {} was not measured", row.name, gate.metric));
      } else if (holds(value, gate.comparison, gate.bound)) {
        found.push_back(fmt::format("{}: {} is {:.4g}", row.name, gate.metric, value));
      }
    }
  }
  if (!asked) {
    found.push_back(gate.row.empty() ? fmt::format("no row has the metric '{}'", gate.metric)
                                     : fmt::format("no row '{}' with the metric '{}'", gate.row, gate.metric));
  }
  return found;
}

}  // namespace stgmamba::eval
