// SPDX-License-Identifier: MIT
// stg_eval --table 3, --table 5: rows of skeleton-to-video networks.
#include <fmt/format.h>

#include "stgmamba/eval/video_board.hpp"

#include "board_parts.hpp"
#include "eval_actions.hpp"

namespace stgmamba::tools {

namespace {

namespace fs = std::filesystem;
using eval::VideoRow;

eval::VideoScores one_seed(std::vector<eval::ClipScores> clips) {
  eval::VideoScores scores;
  scores.push_back(std::move(clips));
  return scores;
}

std::vector<VideoRow> reference_rows(const eval::VideoJudge& judge) {
  std::vector<VideoRow> rows = {eval::real_row(judge)};
  for (const eval::VideoMethod& method : eval::reference_methods()) {
    VideoRow row;
    row.name = method.name;
    row.label = method.label;
    row.reference = true;
    row.scores = one_seed(judge.judge(method));
    rows.push_back(std::move(row));
  }
  return rows;
}

VideoRow table_row(const eval::VideoJudge& judge, const eval::TableRow& row, const std::vector<eval::TableRun>& runs,
                   std::size_t index, c10::Device device) {
  RowRuns found = runs_of(row, runs, index);
  VideoRow made{std::move(found.info), std::nullopt};
  for (const eval::TableRun* run : found.finished) {
    // Every row at its last step: the best by val/l1 would favour whoever blurs.
    const eval::VideoMethod method = eval::trained_method(run->options.runs_dir / run->options.run_name, row.label,
                                                          judge.bed().options().size, device, "last", row.infer);
    if (!made.scores) {
      made.scores.emplace();
    }
    made.scores->push_back(judge.judge(method));
  }
  return made;
}

std::vector<eval::VideoColumn> columns_of(const eval::TableConfig& table, const std::vector<std::string>& names) {
  std::vector<eval::VideoColumn> columns = eval::pick_video_columns(names);
  for (const std::string& name : table.study) {
    eval::VideoColumn column;
    column.card.name = column.card.title = name;
    column.card.unit = "%";
    column.card.definition = "Share of a user study's votes, as its results file gives it.";
    columns.insert(columns.begin(), std::move(column));
  }
  return columns;
}

std::vector<std::string> column_names(const std::vector<eval::VideoColumn>& columns) {
  std::vector<std::string> names;
  for (const eval::VideoColumn& column : columns) {
    names.push_back(column.card.name);
  }
  return names;
}

/// The rows that there will be, in their order.
std::vector<std::string> row_names(const BoardRequest& request, const eval::TableConfig& table) {
  std::vector<std::string> names;
  if (request.references) {
    names.emplace_back("real");
    for (const eval::VideoMethod& method : eval::reference_methods()) {
      names.push_back(method.name);
    }
  }
  for (const eval::TableRow& row : table.rows) {
    names.push_back(row.name);
  }
  return names;
}

}  // namespace

int run_video_board(const BoardRequest& request, const eval::TableConfig& table, const SharedFlags& flags) {
  const std::pair<const char*, bool> of_dances[] = {{"--generated", !request.generated.empty()},
                                                    {"--checkpoint", !request.checkpoint.empty()},
                                                    {"--style-classifier", !request.style_classifier.empty()},
                                                    {"--seeds", request.seeds != BoardRequest().seeds}};
  for (const auto& [option, given] : of_dances) {
    if (given) {
      throw UsageError("stg_eval: {} belongs to tables of dances; {} is one of videos", option, request.table);
    }
  }
  const std::vector<std::string> names = request.metrics.empty() ? table.metrics : request.metrics;
  const std::vector<eval::VideoColumn> columns = columns_of(table, names);
  const BoardOutput output(request, table);
  const std::string data = request.data.empty() ? table.data : request.data;
  const data::Dataset dataset = data::Dataset::open(data);
  eval::VideoBedOptions options;
  options.split = request.split.empty() ? table.split : request.split;
  options.styles = table.styles;
  options.size = table.size;
  options.frames = table.frames;
  const eval::VideoBed bed(dataset, options);
  const c10::Device device = resolve_device(flags.device);
  const eval::VideoJudge judge(bed, image_metrics::MetricNets(request.metric_nets, device), names, device);
  output.check(row_names(request, table), column_names(columns));
  const std::vector<eval::TableRun> runs = find_runs(table, data, dataset.hash(), request, flags);
  std::vector<VideoRow> rows = request.references ? reference_rows(judge) : std::vector<VideoRow>();
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    rows.push_back(table_row(judge, table.rows[r], runs, r, device));
  }
  for (VideoRow& row : rows) {
    output.add_study(row);
  }
  return output.show(eval::make_video_board(judge, columns, rows, output.options(table.title)), flags);
}

void print_metric_nets(const fs::path& folder) {
  print_result(image_metrics::MetricNets(folder, c10::kCPU).report());
}

}  // namespace stgmamba::tools
