// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/eval/generated_rows.hpp"
#include "stgmamba/eval/reference_rows.hpp"
#include "stgmamba/eval/style_column.hpp"
#include "stgmamba/eval/table_config.hpp"
#include "stgmamba/eval/video_columns.hpp"
#include "stgmamba/infer/video_model.hpp"
#include "stgmamba/util/stop.hpp"

#include "board_parts.hpp"
#include "eval_actions.hpp"

namespace stgmamba::tools {

namespace {

namespace fs = std::filesystem;
using eval::RowSource;

const std::vector<std::string> kGeneral = {
    "bc",   "bc_star",       "bc_star_p",   "hit_star",   "pfd",        "pfd_share", "vfd",      "mmd",
    "pvar", "pvar_mm_share", "speed_ratio", "jerk_ratio", "slow_share", "nearest",   "l1_share", "time"};

/// What the request and the table agree on.
struct Plan {
  eval::TableConfig table;  // empty without --table
  std::string data, split;
  std::vector<std::string> metrics;
  std::vector<std::uint64_t> seeds;
};

Plan make_plan(const BoardRequest& request) {
  if (request.table.empty() && (request.run_missing || !request.study.empty())) {
    throw UsageError("stg_eval: {} needs --table, whose {}", request.run_missing ? "--run-missing" : "--study",
                     request.run_missing ? "runs are trained" : "columns it fills");
  }
  Plan plan;
  if (!request.table.empty()) {
    plan.table = eval::read_table(eval::find_table(request.table));
  }
  plan.data = request.data.empty() ? plan.table.data : request.data;
  plan.split = request.split.empty() ? plan.table.split : request.split;
  plan.metrics = !request.metrics.empty() ? request.metrics : request.table.empty() ? kGeneral : plan.table.metrics;
  plan.seeds.assign(request.seeds.begin(), request.seeds.end());
  if (plan.data.empty()) {
    throw UsageError("stg_eval: --data is required: the dataset folder whose real dances are the measure");
  }
  metrics::pick_columns(plan.metrics, 0.0);  // refuses unknown names before anything is loaded
  return plan;
}

void append(metrics::DanceSet& all, metrics::DanceSet&& more) {
  const auto before = static_cast<double>(all.seeds.size()), added = static_cast<double>(more.seeds.size());
  all.seconds = all.seeds.empty() ? more.seconds : (all.seconds * before + more.seconds * added) / (before + added);
  std::move(more.seeds.begin(), more.seeds.end(), std::back_inserter(all.seeds));
  std::move(more.draws.begin(), more.draws.end(), std::back_inserter(all.draws));
}

RowSource table_row(const eval::TestBed& bed, const eval::TableRow& row, const std::vector<eval::TableRun>& runs,
                    std::size_t index, c10::Device device) {
  RowRuns found = runs_of(row, runs, index);
  RowSource source{std::move(found.info), std::nullopt};
  for (const eval::TableRun* run : found.finished) {
    const fs::path folder = run->options.runs_dir / run->options.run_name;
    // Every row at its last step: the best by val/l1 would favour whoever moves least.
    const auto model = infer::MotionModel::load(folder, device, "last");
    eval::GenerateOptions options;
    options.seed = static_cast<std::uint64_t>(run->seed);
    if (!source.dances) {
      source.dances.emplace();
    }
    append(*source.dances, eval::cached_clips(bed, model, options, folder / "eval"));
  }
  return source;
}

/// The model of --checkpoint.
infer::MotionModel checkpoint_model(const BoardRequest& request, c10::Device device) {
  if (infer::is_video_model(request.checkpoint)) {
    throw UsageError(
        "stg_eval: {} makes videos; it is scored as a row of a table of videos (--table 3, 5 or a file with task: "
        "skeleton_to_video) and seen with --figure 11 --run",
        request.checkpoint.string());
  }
  return infer::MotionModel::load(request.checkpoint, device);
}

RowSource checkpoint_row(const eval::TestBed& bed, const infer::MotionModel& model,
                         const std::vector<std::uint64_t>& seeds) {
  RowSource source;
  source.name = "checkpoint";
  source.label = model.generator.name + " " + model.checkpoint.filename().string();
  source.seeds = seeds;
  source.dances.emplace();
  for (const std::uint64_t seed : seeds) {
    eval::GenerateOptions options;
    options.seed = seed;
    append(*source.dances, eval::generate_clips(bed, model, options));
  }
  return source;
}

std::vector<metrics::Column> columns_of(const eval::TestBed& bed, const BoardRequest& request, const Plan& plan,
                                        const SharedFlags& flags) {
  std::vector<metrics::Column> columns = metrics::pick_columns(plan.metrics, bed.yardstick().prominence());
  if (!request.style_classifier.empty()) {
    columns.push_back(eval::style_column(bed, request.style_classifier, resolve_device(flags.device)));
  }
  for (const std::string& name : plan.table.study) {
    metrics::Column column;
    column.card.name = column.card.title = name;
    column.card.unit = "%";
    column.card.definition = "Share of a user study's votes, as its results file gives it.";
    columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<std::string> column_names(const std::vector<metrics::Column>& columns) {
  std::vector<std::string> names;
  for (const metrics::Column& column : columns) {
    names.push_back(column.card.name);
  }
  return names;
}

/// The rows that there will be, in their order.
std::vector<std::string> row_names(const eval::TestBed& bed, const BoardRequest& request,
                                   const eval::TableConfig& table) {
  std::vector<std::string> names = request.references ? eval::reference_names(bed) : std::vector<std::string>();
  for (const eval::TableRow& row : table.rows) {
    names.push_back(row.name);
  }
  if (!request.checkpoint.empty()) {
    names.emplace_back("checkpoint");
  }
  if (!request.generated.empty()) {
    names.emplace_back("generated");
  }
  return names;
}

/// What the command line brings beside the table, opened before the table's runs are trained.
struct Brought {
  std::optional<infer::MotionModel> model;  // --checkpoint
  std::optional<RowSource> generated;       // --generated
};

Brought open_brought(const eval::TestBed& bed, const BoardRequest& request, c10::Device device) {
  Brought brought;
  if (!request.checkpoint.empty()) {
    brought.model = checkpoint_model(request, device);
  }
  if (!request.generated.empty()) {
    RowSource& source = brought.generated.emplace();
    source.name = "generated";
    source.label = request.generated;
    source.dances = eval::folder_clips(bed, request.generated, eval::joints_from_name(request.joints));
  }
  return brought;
}

std::vector<RowSource> reference_sources(const eval::TestBed& bed, const std::vector<std::uint64_t>& seeds) {
  std::vector<RowSource> sources;
  for (eval::ReferenceRow& row : eval::reference_rows(bed, seeds)) {
    RowSource source;
    source.name = row.name;
    source.label = row.label;
    source.reference = true;
    source.seeds = row.dances.seed_count() > 1 ? seeds : std::vector<std::uint64_t>();
    source.dances = std::move(row.dances);
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<RowSource> gather(const eval::TestBed& bed, const BoardRequest& request, const Plan& plan, Brought brought,
                              const std::vector<eval::TableRun>& runs, const SharedFlags& flags) {
  std::vector<RowSource> sources = request.references ? reference_sources(bed, plan.seeds) : std::vector<RowSource>();
  for (std::size_t r = 0; r < plan.table.rows.size(); ++r) {
    sources.push_back(table_row(bed, plan.table.rows[r], runs, r, resolve_device(flags.device)));
  }
  if (brought.model) {
    sources.push_back(checkpoint_row(bed, *brought.model, plan.seeds));
  }
  if (brought.generated) {
    sources.push_back(std::move(*brought.generated));
  }
  return sources;
}

}  // namespace

int run_board(const BoardRequest& request, const SharedFlags& flags) {
  util::install_stop_signals();
  if (!request.table.empty()) {
    const eval::TableConfig table = eval::read_table(eval::find_table(request.table));
    if (table.videos()) {
      return run_video_board(request, table, flags);
    }
  }
  const Plan plan = make_plan(request);
  const BoardOutput output(request, plan.table);
  data::Dataset dataset = data::Dataset::open(plan.data);
  dataset.choose_beats(request.beats);
  eval::TestBedOptions options;
  options.split = plan.split;
  options.styles = plan.table.styles;
  if (!request.generated.empty() && request.table.empty() && request.split.empty()) {
    options.takes = eval::takes_in(dataset, request.generated);
  }
  const eval::TestBed bed(dataset, options);
  const std::vector<metrics::Column> columns = columns_of(bed, request, plan, flags);
  output.check(row_names(bed, request, plan.table), column_names(columns));
  Brought brought = open_brought(bed, request, resolve_device(flags.device));
  const std::vector<eval::TableRun> runs = find_runs(plan.table, plan.data, dataset.hash(), request, flags);
  std::vector<RowSource> sources = gather(bed, request, plan, std::move(brought), runs, flags);
  for (RowSource& source : sources) {
    output.add_study(source);
  }
  const std::string title = plan.table.title.empty() ? "Scores on " + plan.data : plan.table.title;
  return output.show(eval::make_board(bed, columns, sources, output.options(title)), flags);
}

void print_cards(const SharedFlags& flags) {
  std::vector<metrics::MetricCard> cards;
  for (const metrics::Column& column : metrics::make_columns()) {
    cards.push_back(column.card);
  }
  for (const eval::VideoColumn& column : eval::video_columns()) {
    cards.push_back(column.card);
  }
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const metrics::MetricCard& card : cards) {
    text += fmt::format("{:<18} {:<22} {}; {}{}\n", card.name, card.title, card.definition,
                        metrics::direction_text(card.direction), card.unit.empty() ? "" : "; " + card.unit);
    list.push_back({{"name", card.name},
                    {"title", card.title},
                    {"unit", card.unit},
                    {"definition", card.definition},
                    {"version", card.version},
                    {"direction", metrics::direction_text(card.direction)}});
  }
  if (flags.json) {
    print_result(list);
  } else {
    print_result(text);
  }
}

}  // namespace stgmamba::tools
