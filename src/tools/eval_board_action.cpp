// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/eval/generated_rows.hpp"
#include "stgmamba/eval/reference_rows.hpp"
#include "stgmamba/eval/style_column.hpp"
#include "stgmamba/eval/table_config.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

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
  std::move(more.seeds.begin(), more.seeds.end(), std::back_inserter(all.seeds));
  std::move(more.draws.begin(), more.draws.end(), std::back_inserter(all.draws));
  all.seconds = more.seconds;
}

/// Trains what is not finished, one run after another.
void train_missing(const std::vector<eval::TableRun>& runs) {
  using Clock = std::chrono::steady_clock;
  std::vector<const eval::TableRun*> waiting;
  for (const eval::TableRun& run : runs) {
    if (!run.finished) {
      waiting.push_back(&run);
    }
  }
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const double spent = std::chrono::duration<double>(Clock::now() - begin).count();
    util::log().info(
        "run {} of {}: {}{}", i + 1, waiting.size(), waiting[i]->options.run_name,
        i == 0 ? std::string()
               : fmt::format("; about {} left", util::format_duration(spent / static_cast<double>(i) *
                                                                      static_cast<double>(waiting.size() - i))));
    train::run_training(waiting[i]->options);  // resumes; a stop leaves its state and ends this program with 75
  }
}

RowSource table_row(const eval::TestBed& bed, const eval::TableRow& row, const std::vector<eval::TableRun>& runs,
                    std::size_t index, c10::Device device) {
  RowSource source;
  source.name = row.name;
  source.label = row.label;
  source.note = row.note;
  source.paper = row.paper;
  source.missing = "no such method here yet";
  std::size_t wanted = 0;
  for (const eval::TableRun& run : runs) {
    if (run.row != index) {
      continue;
    }
    ++wanted;
    if (!run.finished) {
      source.missing = "not trained: " + run.command;
      continue;
    }
    eval::check_run(run, bed.dataset().hash());
    const fs::path folder = run.options.runs_dir / run.options.run_name;
    const auto model = infer::MotionModel::load(folder, device);
    eval::GenerateOptions options;
    options.seed = static_cast<std::uint64_t>(run.seed);
    if (!source.dances) {
      source.dances.emplace();
    }
    append(*source.dances, eval::cached_clips(bed, model, options, folder / "eval"));
    source.seeds.push_back(static_cast<std::uint64_t>(run.seed));
  }
  if (source.dances && source.seeds.size() < wanted) {
    source.note += fmt::format("{}{} of {} runs", source.note.empty() ? "" : "; ", source.seeds.size(), wanted);
  }
  return source;
}

RowSource checkpoint_row(const eval::TestBed& bed, const BoardRequest& request, const std::vector<std::uint64_t>& seeds,
                         c10::Device device) {
  const auto model = infer::MotionModel::load(request.checkpoint, device);
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

/// {"row": {"column": number}} of --study into the rows.
void add_study(const std::string& path, const std::vector<std::string>& columns, std::vector<RowSource>& sources) {
  const io::Json document = io::read_json(path);
  for (const auto& [row, votes] : document.items()) {
    bool found = false;
    for (RowSource& source : sources) {
      if (source.name != row) {
        continue;
      }
      found = true;
      for (const auto& [column, share] : votes.items()) {
        if (std::find(columns.begin(), columns.end(), column) == columns.end() || !share.is_number()) {
          throw DataError("{}: '{}' of '{}' must be a number for one of the table's columns {}", path, column, row,
                          util::join(columns, ", "));
        }
        source.given[column] = share.get<double>();
      }
    }
    if (!found) {
      throw DataError("{}: '{}' is no row of the table", path, row);
    }
  }
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

std::vector<RowSource> gather(const eval::TestBed& bed, const BoardRequest& request, const Plan& plan,
                              const std::vector<eval::TableRun>& runs, const SharedFlags& flags) {
  std::vector<RowSource> sources;
  if (request.references) {
    for (eval::ReferenceRow& row : eval::reference_rows(bed, plan.seeds)) {
      RowSource source;
      source.name = row.name;
      source.label = row.label;
      source.reference = true;
      source.seeds = row.dances.seed_count() > 1 ? plan.seeds : std::vector<std::uint64_t>();
      source.dances = std::move(row.dances);
      sources.push_back(std::move(source));
    }
  }
  for (std::size_t r = 0; r < plan.table.rows.size(); ++r) {
    sources.push_back(table_row(bed, plan.table.rows[r], runs, r, resolve_device(flags.device)));
  }
  if (!request.checkpoint.empty()) {
    sources.push_back(checkpoint_row(bed, request, plan.seeds, resolve_device(flags.device)));
  }
  if (!request.generated.empty()) {
    RowSource source;
    source.name = "generated";
    source.label = request.generated;
    source.dances = eval::folder_clips(bed, request.generated, eval::joints_from_name(request.joints));
    sources.push_back(std::move(source));
  }
  if (!request.study.empty()) {
    add_study(request.study, plan.table.study, sources);
  }
  return sources;
}

std::string all_cards(const eval::Board& board) {
  std::string text = "\n";
  for (const metrics::MetricCard& card : board.cards) {
    text += metrics::card_text(card, board.rows.front().sample);
  }
  return text;
}

}  // namespace

int run_board(const BoardRequest& request, const SharedFlags& flags) {
  util::install_stop_signals();
  const Plan plan = make_plan(request);
  std::vector<eval::Gate> gates;
  for (const std::string& text : request.gates) {
    gates.push_back(eval::parse_gate(text));
  }
  std::optional<eval::Board> baseline;
  if (!request.baseline.empty()) {
    baseline = eval::read_board(request.baseline);
  }
  data::Dataset dataset = data::Dataset::open(plan.data);
  dataset.choose_beats(request.beats);
  std::vector<std::string> shared = request.overrides;
  if (flags.threads > 0) {
    shared.push_back(fmt::format("train.threads={}", flags.threads));
  }
  if (flags.device != "auto") {
    shared.push_back("device=" + flags.device);
  }
  std::vector<eval::TableRun> runs = eval::table_runs(plan.table, request.runs_dir, plan.data, shared);
  if (request.run_missing) {
    train_missing(runs);
    runs = eval::table_runs(plan.table, request.runs_dir, plan.data, shared);
  }
  eval::TestBedOptions options;
  options.split = plan.split;
  options.styles = plan.table.styles;
  if (!request.generated.empty() && request.table.empty() && request.split.empty()) {
    options.takes = eval::takes_in(dataset, request.generated);
  }
  const eval::TestBed bed(dataset, options);
  eval::BoardOptions board_options;
  board_options.title = plan.table.title.empty() ? "Scores on " + plan.data : plan.table.title;
  board_options.against = plan.table.against;
  board_options.bootstrap.replicates = request.replicates;
  eval::Board board = eval::make_board(bed, columns_of(bed, request, plan, flags),
                                       gather(bed, request, plan, runs, flags), board_options);
  if (baseline) {
    eval::compare(board, *baseline, request.force);
  }
  const std::string format = flags.json ? "json" : request.format;
  print_result(eval::render(board, format) + (request.cards && format == "text" ? all_cards(board) : ""));
  bool met = true;
  for (const eval::Gate& gate : gates) {
    for (const std::string& violation : eval::violations(board, gate)) {
      util::log().error("--fail-if \"{}\": {}", gate.text, violation);
      met = false;
    }
  }
  return static_cast<int>(met ? ExitCode::kDone : ExitCode::kGate);
}

void print_cards(const SharedFlags& flags) {
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const metrics::Column& column : metrics::make_columns()) {
    const metrics::MetricCard& card = column.card;
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
