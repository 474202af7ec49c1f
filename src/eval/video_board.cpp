// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_board.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/metrics/columns.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace {

using metrics::Interval;
using metrics::Statistic;
using metrics::Weights;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Interval kNothing{kNan, kNan, kNan};
constexpr std::int64_t kFullRank = 2048;  // Inception's features: fewer frames have no covariance of full rank

std::optional<Statistic> statistic_of(const VideoJudge& judge, const VideoColumn& column, const VideoRow& row) {
  if (!row.scores) {
    return std::nullopt;
  }
  return row.halves && column.kind != VideoColumn::Kind::kMean ? measure_halves(column, judge)
                                                               : measure(column, judge, *row.scores);
}

metrics::BootstrapOptions bootstrap_of(const VideoColumn& column, const BoardOptions& options) {
  metrics::BootstrapOptions own = options.bootstrap;
  if (column.kind == VideoColumn::Kind::kFrechet) {
    own.replicates = std::min(own.replicates, kFrechetReplicates);
  }
  return own;
}

BoardRow row_of(const VideoJudge& judge, const VideoRow& source, const BoardOptions& options) {
  const VideoBed& bed = judge.bed();
  BoardRow row{source.name, source.label, source.scores ? "" : source.missing, source.note, source.reference, {}, {}};
  row.sample.data = bed.hash().substr(0, 12);
  row.sample.clips = static_cast<std::int64_t>(bed.places().size());
  row.sample.what =
      fmt::format("clips of {} frames at {}x{}", bed.options().frames, bed.options().size, bed.options().size);
  row.sample.drawn = fmt::format("{} people and seeds", bed.people().size());
  row.sample.seeds = source.seeds;
  row.sample.replicates = options.bootstrap.replicates;
  row.sample.level = options.bootstrap.level;
  return row;
}

Interval interval_of(const VideoJudge& judge, const VideoColumn& column, const VideoRow& row,
                     const Statistic& statistic, const BoardOptions& options) {
  const std::size_t people = judge.bed().people().size(), seeds = row.scores->size();
  return has_interval(column, *row.scores) ? metrics::bootstrap(statistic, people, seeds, bootstrap_of(column, options))
                                           : Interval{statistic(Weights::all(people, seeds)), kNan, kNan};
}

void fill_column(const VideoJudge& judge, const VideoColumn& column, const std::vector<VideoRow>& rows,
                 const BoardOptions& options, Board& board) {
  const VideoRow* base = nullptr;
  for (const VideoRow& row : rows) {
    base = row.name == options.against && row.scores ? &row : base;
  }
  const std::optional<Statistic> of_base = base != nullptr ? statistic_of(judge, column, *base) : std::nullopt;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const VideoRow& row = rows[r];
    BoardCell cell{kNothing, {}, kNothing};
    if (const auto found = row.paper.find(column.card.name); found != row.paper.end()) {
      cell.paper = found->second;
    }
    const std::optional<Statistic> statistic = statistic_of(judge, column, row);
    if (const auto found = row.given.find(column.card.name); found != row.given.end()) {
      cell.ours.value = found->second;
    } else if (statistic) {
      cell.ours = interval_of(judge, column, row, *statistic, options);
      if (of_base && &row != base && !row.reference && has_interval(column, *row.scores)) {
        cell.ahead = metrics::bootstrap_difference(*statistic, row.scores->size(), *of_base, base->scores->size(),
                                                   judge.bed().people().size(), bootstrap_of(column, options));
      }
    }
    board.rows[r].cells.push_back(cell);
  }
}

/// What a reader of the column must know: no network, no interval, few frames.
void add_notes(const VideoJudge& judge, const VideoColumn& column, const std::vector<VideoRow>& rows, Board& board) {
  const metrics::MetricCard& card = column.card;
  if (const std::string missing = judge.missing(card.name); !missing.empty()) {
    board.notes.push_back(fmt::format("{} is blank: {}", card.title, missing));
    return;
  }
  const VideoBed& bed = judge.bed();
  const std::int64_t frames = std::ssize(bed.places()) * bed.options().frames;
  if (column.kind == VideoColumn::Kind::kFrechet && card.name.starts_with("fid") && frames < kFullRank) {
    board.notes.push_back(
        fmt::format("{} of {} frames is biased upwards (under {}): read KID beside it", card.title, frames, kFullRank));
  }
  if (card.name == "fvd" && bed.options().frames < kFvdFrames) {
    board.notes.push_back(fmt::format("{} is blank: it needs clips of {} frames, these have {}", card.title, kFvdFrames,
                                      bed.options().frames));
  }
  for (const VideoRow& row : rows) {
    if (row.scores && !row.scores->empty() && column.kind == VideoColumn::Kind::kFrechet &&
        !has_interval(column, *row.scores)) {
      board.notes.push_back(fmt::format("{} has no interval: so many frames take too long to draw anew", card.title));
      return;
    }
  }
}

}  // namespace

VideoRow real_row(const VideoJudge& judge) {
  VideoRow row;
  row.name = "real";
  row.label = "real (halves)";
  row.reference = row.halves = true;
  row.scores = VideoScores{judge.real()};
  return row;
}

Board make_video_board(const VideoJudge& judge, const std::vector<VideoColumn>& columns,
                       const std::vector<VideoRow>& rows, const BoardOptions& options) {
  Board board;
  board.title = options.title;
  board.against = options.against;
  for (const VideoRow& row : rows) {
    board.rows.push_back(row_of(judge, row, options));
  }
  util::Progress progress("score", std::ssize(columns), "metric");
  for (const VideoColumn& column : columns) {
    if (util::stop_requested()) {
      throw StoppedError("stopped after {} of {} metrics; run the same command again", board.cards.size(),
                         columns.size());
    }
    board.cards.push_back(column.card);
    board.cards.back().files = judge.files(column.card.name);
    board.informative.push_back(true);
    fill_column(judge, column, rows, options, board);
    add_notes(judge, column, rows, board);
    progress.update(std::ssize(board.cards), column.card.title);
  }
  progress.finish();
  return board;
}

bool is_metric(const std::string& name) {
  for (const std::vector<std::string>& names : {metrics::column_names(), video_column_names()}) {
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace stgmamba::eval
