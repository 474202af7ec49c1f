// SPDX-License-Identifier: MIT
#include "board_parts.hpp"

#include <algorithm>
#include <chrono>

#include "stgmamba/train/trainer.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::tools {

namespace {

namespace fs = std::filesystem;

/// Trains what is not finished, one run after another.
void train_missing(const std::vector<eval::TableRun>& runs) {
  using Clock = std::chrono::steady_clock;
  std::vector<const eval::TableRun*> waiting;
  for (const eval::TableRun& run : runs) {
    const bool listed = std::any_of(waiting.begin(), waiting.end(), [&](const eval::TableRun* other) {
      return other->options.run_name == run.options.run_name;  // two rows may share their runs
    });
    if (!run.finished && !listed) {
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

std::string against_of(const BoardRequest& request, const eval::TableConfig& table) {
  if (request.against.empty()) {
    return table.against;
  }
  std::vector<std::string> names;
  for (const eval::TableRow& row : table.rows) {
    names.push_back(row.name);
  }
  if (std::find(names.begin(), names.end(), request.against) == names.end()) {
    const std::string near = util::nearest(request.against, names);
    throw UsageError("stg_eval: --against must be a row of the table, got '{}'{}", request.against,
                     near.empty() ? "" : " (did you mean '" + near + "'?)");
  }
  return request.against;
}

/// {"row": {"column": number}} of --study.
std::map<std::string, std::map<std::string, double>> read_study(const std::string& path,
                                                                const std::vector<std::string>& columns) {
  std::map<std::string, std::map<std::string, double>> study;
  const io::Json document = io::read_json(path);
  for (const auto& [row, votes] : document.items()) {
    for (const auto& [column, share] : votes.items()) {
      if (std::find(columns.begin(), columns.end(), column) == columns.end() || !share.is_number()) {
        throw DataError("{}: '{}' of '{}' must be a number for one of the table's columns {}", path, column, row,
                        util::join(columns, ", "));
      }
      study[row][column] = share.get<double>();
    }
  }
  return study;
}

/// What would stop the table after hours of training: a wrong configuration, a run of another one or of other data.
void check_runs(const eval::TableConfig& table, const std::vector<eval::TableRun>& runs, const std::string& data_hash,
                bool missing_too) {
  for (const eval::TableRun& run : runs) {
    if (run.finished || missing_too) {
      eval::check_run(table, run, data_hash);
    }
  }
}

std::string all_cards(const eval::Board& board) {
  std::string text = "\n";
  for (const metrics::MetricCard& card : board.cards) {
    text += metrics::card_text(card, board.rows.front().sample);
  }
  return text;
}

}  // namespace

BoardOutput::BoardOutput(const BoardRequest& request, const eval::TableConfig& table)
    : request_(request), against_(against_of(request, table)) {
  for (const std::string& text : request.gates) {
    gates_.push_back(eval::parse_gate(text));
  }
  if (!request.baseline.empty()) {
    baseline_ = eval::read_board(request.baseline);
  }
  if (!request.study.empty()) {
    study_ = read_study(request.study, table.study);
  }
}

void BoardOutput::check(const std::vector<std::string>& rows, const std::vector<std::string>& columns) const {
  for (const eval::Gate& gate : gates_) {
    eval::check_gate(gate, rows, columns);
  }
  for (const auto& [row, votes] : study_) {
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) {
      throw DataError("{}: '{}' is no row of the table, whose rows are {}", request_.study, row,
                      util::join(rows, ", "));
    }
  }
}

eval::BoardOptions BoardOutput::options(const std::string& title) const {
  eval::BoardOptions options;
  options.title = title;
  options.against = against_;
  options.bootstrap.replicates = request_.replicates;
  return options;
}

void BoardOutput::add_study(eval::RowInfo& row) const {
  if (const auto found = study_.find(row.name); found != study_.end()) {
    row.given = found->second;
  }
}

int BoardOutput::show(eval::Board board, const SharedFlags& flags) const {
  if (baseline_) {
    eval::compare(board, *baseline_, request_.force);
  }
  const std::string format = flags.json ? "json" : request_.format;
  print_result(eval::render(board, format) + (request_.cards && format == "text" ? all_cards(board) : ""));
  bool met = true;
  for (const eval::Gate& gate : gates_) {
    for (const std::string& violation : eval::violations(board, gate)) {
      util::log().error("--fail-if \"{}\": {}", gate.text, violation);
      met = false;
    }
  }
  return static_cast<int>(met ? ExitCode::kDone : ExitCode::kGate);
}

std::vector<eval::TableRun> find_runs(const eval::TableConfig& table, const std::string& data,
                                      const std::string& data_hash, const BoardRequest& request,
                                      const SharedFlags& flags) {
  std::vector<std::string> shared = request.overrides;
  if (flags.threads > 0) {
    shared.push_back(fmt::format("train.threads={}", flags.threads));
  }
  if (flags.device != "auto") {
    shared.push_back("device=" + flags.device);
  }
  std::vector<eval::TableRun> runs = eval::table_runs(table, request.runs_dir, data, shared);
  check_runs(table, runs, data_hash, request.run_missing);
  if (request.run_missing) {
    // What was said on the command line is of the rows; of what they need, only where it runs.
    const std::vector<eval::TableRun> needed =
        eval::needed_runs(table, {shared.begin() + std::ssize(request.overrides), shared.end()});
    for (const eval::TableRun& run : needed) {
      train::print_config(run.options, false);  // refuses what training would refuse
    }
    train_missing(needed);
    train_missing(runs);
    runs = eval::table_runs(table, request.runs_dir, data, shared);
  }
  return runs;
}

RowRuns runs_of(const eval::TableRow& row, const std::vector<eval::TableRun>& runs, std::size_t index) {
  RowRuns found;
  eval::RowInfo& info = found.info;
  info.name = row.name;
  info.label = row.label;
  info.note = row.note;
  info.paper = row.paper;
  info.missing = "no such method here yet";
  std::size_t wanted = 0, missing = 0;
  for (const eval::TableRun& run : runs) {
    if (run.row != index) {
      continue;
    }
    ++wanted;
    if (!run.finished) {
      if (++missing == 1) {
        info.missing = "not trained: " + run.command;
      }
      continue;
    }
    found.finished.push_back(&run);
    info.seeds.push_back(static_cast<std::uint64_t>(run.seed));
  }
  if (wanted > 0 && found.finished.empty()) {
    info.note.clear();  // it tells of runs that are there
  }
  if (!found.finished.empty() && missing > 0) {
    info.note += fmt::format("{}{} of {} runs", info.note.empty() ? "" : "; ", found.finished.size(), wanted);
  }
  return found;
}

NamedRun named_run(const std::string& text) {
  const std::size_t equals = fs::exists(text) ? std::string::npos : text.find('=');
  if (equals != std::string::npos) {
    return {text.substr(0, equals), text.substr(equals + 1)};
  }
  const fs::path path = fs::path(text).lexically_normal();
  return {(path.has_filename() ? path : path.parent_path()).filename().string(), path};
}

std::vector<FinishedRow> finished_rows(const eval::TableConfig& table, const BoardRequest& request,
                                       const std::string& data, const std::string& data_hash) {
  std::vector<FinishedRow> rows;
  const std::vector<eval::TableRun> runs = eval::table_runs(table, request.runs_dir, data, request.overrides);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto run = std::find_if(runs.begin(), runs.end(),
                                  [&](const eval::TableRun& each) { return each.row == r && each.finished; });
    if (run == runs.end()) {
      util::log().info("{}: no finished run, so it is not in the figure", table.rows[r].label);
      continue;
    }
    eval::check_run(table, *run, data_hash);
    rows.push_back({&table.rows[r], run->options.runs_dir / run->options.run_name});
  }
  return rows;
}

void show_figure(const eval::Figure& made, const FigureRequest& figure, const SharedFlags& flags) {
  const auto written =
      eval::save_figure(made, figure.out.empty() ? fmt::format("figure{}.png", figure.number) : figure.out);
  if (flags.json) {
    print_result(made.numbers);
    return;
  }
  std::string text;
  for (const std::filesystem::path& path : written) {
    text += path.string() + "\n";
  }
  print_result(text + made.caption);
}

}  // namespace stgmamba::tools
