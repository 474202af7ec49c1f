// SPDX-License-Identifier: MIT
#include "stgmamba/tools/eval_command.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/config/section.hpp"
#include "stgmamba/eval/motion_scores.hpp"
#include "stgmamba/eval/parity.hpp"
#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/infer/video_model.hpp"
#include "stgmamba/tools/program.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "eval_actions.hpp"

namespace stgmamba::tools {
namespace {

namespace fs = std::filesystem;

class EvalCommand : public Command {
 public:
  std::string name() const override { return "stg_eval"; }
  std::string summary() const override {
    return "Scores dances against a dataset, as the paper's tables or one by one; asks whether a model hears the "
           "music; writes a network's parity bundle (weights, inputs, outputs, gradients) or compares it with what "
           "another "
           "framework made of it.";
  }
  std::string examples() const override {
    return "stg_eval --generated out/dances --data data/synth-tiny     files named after takes, kpop_001_a.npz\n"
           "  stg_eval --table configs/tables/table4_small.yaml --run-missing   trains and scores what is not there\n"
           "  stg_eval --table 2 --generated theirs --joints smpl24 --format md\n"
           "  stg_eval --checkpoint runs/kpop --data data/mdvs --fail-if \"bc_star<0.2\"\n"
           "  stg_eval --checkpoint runs/kpop --data data/mdvs --card music-sensitivity\n"
           "  stg_eval --config kpop.yaml --scaling\n"
           "  stg_eval --figure 5 --run S1-1=runs/s1_1 --run S1-6=runs/s1_6 --data data/synth-table -o fig5.png\n"
           "  stg_eval --config tiny_kpop.yaml --checkpoint best --parity out/parity\n"
           "  stg_eval --config kpop.yaml --parity out/fresh       fresh weights from the configuration's seed\n"
           "  stg_eval --parity out/parity --check";
  }
  void declare(CLI::App& app) override;
  int run(const SharedFlags& flags) override;

 private:
  void declare_boards(CLI::App& app);
  void declare_figures(CLI::App& app);
  void check_figure_options() const;
  void require_use(const std::string& what, const std::vector<std::string>& useful) const;
  bool wants_board() const;
  int export_model() const;
  int draw_figure(const SharedFlags& flags) const;
  int print_facts(const SharedFlags& flags) const;
  int score_generated(const SharedFlags& flags) const;
  int write_bundle(const SharedFlags& flags) const;
  int check_bundle(const SharedFlags& flags) const;
  fs::path checkpoint() const;

  std::string config_, checkpoint_, parity_, card_, export_, dtype_ = "float64", runs_dir_ = "runs";
  BoardRequest board_;
  FigureRequest figure_;
  std::vector<std::pair<CLI::Option*, std::vector<int>>> figure_options_;  // and the figures that have a use for each
  CLI::App* app_ = nullptr;
  CLI::Option* metric_nets_ = nullptr;
  std::vector<std::string> overrides_;
  bool check_ = false, scaling_ = false, no_references_ = false;
  double tolerance_ = 1e-4;
  std::int64_t batch_ = 2, frames_ = 50;
};

void EvalCommand::declare(CLI::App& app) {
  app_ = &app;
  declare_boards(app);
  declare_figures(app);
  CLI::Option* generated = app.get_option("--generated");
  CLI::Option* config = app.add_option("-c,--config", config_, "Configuration: a path, or a bare name");
  app.add_option("overrides", overrides_, "key=value, typed like the file: model.d=32");
  CLI::Option* checkpoint =
      app.add_option("--checkpoint", checkpoint_, "A run or checkpoint to score; with --config last or best too");
  app.add_option("--runs-dir", runs_dir_, "Where last and best are looked up")->capture_default_str();
  CLI::Option* parity = app.add_option("--parity", parity_, "Folder of the bundle")->excludes(generated);
  CLI::Option* check = app.add_flag(
      "--check", check_, "Compare outputs_theirs.safetensors in the bundle with ours (exit code 10: they differ)");
  app.add_option("--tolerance", tolerance_, "Largest difference allowed, relative to the largest value")
      ->needs(check)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI::Option* dtype = app.add_option("--dtype", dtype_, "Precision of the bundle")
                           ->check(CLI::IsMember({"float64", "float32"}))
                           ->capture_default_str();
  CLI::Option* batch =
      app.add_option("--batch", batch_, "Clips in the bundle")->check(CLI::Range(1, 64))->capture_default_str();
  CLI::Option* frames =
      app.add_option("--frames", frames_, "Frames of each clip")->check(CLI::Range(1, 1000))->capture_default_str();
  for (CLI::Option* making : {dtype, batch, frames}) {  // a bundle is made or compared, not both
    making->needs(parity)->excludes(check)->excludes(generated);
  }
  check->needs(parity);
  config->excludes(check)->excludes(generated);
  checkpoint->excludes(check);
}

void EvalCommand::declare_boards(CLI::App& app) {
  const char* group = "Scores";
  const auto add = [&](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->group(group);
  };
  add("--table", board_.table, "Table of the paper, 1 to 5, or a file like configs/tables/table4_small.yaml");
  add("--data", board_.data, "Dataset folder whose real dances are the measure (default: the table's)");
  add("--split", board_.split, "Part of it (default: the table's, or test)");
  add("--beats", board_.beats,
      "Beats of the music: the dataset's true ones, tracked ones, or auto: true ones where it has them")
      ->check(CLI::IsMember(data::kBeatChoices))
      ->capture_default_str();
  add("--generated", board_.generated, "Folder of dances to score: <take id>.npz or .json");
  add("--joints", board_.joints, "Theirs: openpose18, body25, coco17, smpl24 or d2m14")->capture_default_str();
  add("--metrics", board_.metrics, "Columns by name, like bc_star,pfd; --cards lists them")
      ->delimiter(',')
      ->allow_extra_args(false);
  add("--seeds", board_.seeds, "Of z, for --checkpoint and the reference rows")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::NonNegativeNumber);
  add("--style-classifier", board_.style_classifier,
      "Run of task style_classifier (labels style): adds the share of clips whose style it sees");
  add("--format", board_.format, "text, md, csv, tex or json")
      ->check(CLI::IsMember({"text", "md", "csv", "tex", "json"}))
      ->capture_default_str();
  add("--fail-if", board_.gates, "Exit code 10 when true of a scored row: \"bc<0.6\", \"s1_6.bc_star<0.2\"")
      ->allow_extra_args(false);
  add("--baseline", board_.baseline, "Earlier --format json; its numbers are set beside the new ones");
  metric_nets_ = add("--metric-nets", board_.metric_nets,
                     "Folder of the networks behind FID, KID, FVD and LPIPS; alone: prints which files are there, and "
                     "where to get the others")
                     ->capture_default_str();
  add("--study", board_.study, "Results of a user study, JSON: {\"row\": {\"column\": number}}");
  add("--against", board_.against, "Row of the table that the others are compared with (default: as the table says)");
  add("--replicates", board_.replicates, "Of the bootstrap behind the intervals")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option(
      "--export", export_,
      "New folder: --checkpoint's model alone, for others to use: a dancer in bfloat16, a video model as it is");
  add("--card", card_, "music-sensitivity: does the dance follow the music?")
      ->check(CLI::IsMember({"music-sensitivity"}));
  app.add_flag("--cards", board_.cards, "Print the metrics' cards, alone or under a table")->group(group);
  app.add_flag("--force", board_.force, "Set numbers with unlike cards side by side")->group(group);
  app.add_flag("--no-references", no_references_, "Leave out real dances, statues, replay and retrieval")->group(group);
  app.add_flag("--run-missing", board_.run_missing, "Train what the table has no run of, one after another")
      ->group(group);
  app.add_flag("--scaling", scaling_, "Time and memory of the whole generator for 50 to 6000 frames")->group(group);
}

void EvalCommand::declare_figures(CLI::App& app) {
  const char* group = "Figures";
  CLI::Option* figure =
      app.add_option("--figure", figure_.number,
                     "1: one dance, several people; 5 to 7: strips of methods on a song of one style each; 8: draws "
                     "of z over each other; 9: what joints depend on; 10: people of the data; 11: strips of video "
                     "methods. Rows come from --run, --checkpoint, --generated and --table")
          ->group(group)
          ->check(CLI::IsMember({1, 5, 6, 7, 8, 9, 10, 11}));
  const auto add = [&](const char* name, auto& value, const std::vector<int>& figures, const char* help) {
    CLI::Option* option = app.add_option(name, value, help)->group(group)->needs(figure);
    figure_options_.emplace_back(option, figures);
    return option;
  };
  add("--run", figure_.runs, {1, 5, 6, 7, 8, 9, 11},
      "A method: LABEL=PATH or PATH, of a run, a checkpoint or a folder of dances <take id>.npz")
      ->allow_extra_args(false);
  add("-o,--out", figure_.out, {1, 5, 6, 7, 8, 9, 10, 11},
      "NAME.png: NAME.svg, NAME.md (caption) and NAME.json (numbers) are written beside it");
  add("--take", figure_.take, {1, 5, 6, 7, 8, 9, 11},
      "Take whose music or skeletons are danced to (default: the first of the figure's style)");
  add("--start", figure_.start, {5, 6, 7, 8, 9},
      "Second of it; the whole 5 s that hold it are shown (default: the middle of the take)")
      ->check(CLI::NonNegativeNumber);
  add("--draws", figure_.draws, {8}, "Of z in figure 8")->check(CLI::Range(2, 64))->capture_default_str();
  add("--example", figure_.joints, {9}, "Example joints of figure 9")->allow_extra_args(false)->capture_default_str();
  add("--block", figure_.block, {9}, "STGM block of figure 9, from 0; -1 is the last")->capture_default_str();
  add("--response", figure_.response, {9}, "Of figure 9: the whole block's derivative, or what its scans alone carry")
      ->check(CLI::IsMember({"block", "scan"}))
      ->capture_default_str();
}

/// An option that the figure would ignore is a mistake.
void EvalCommand::check_figure_options() const {
  for (const auto& [option, figures] : figure_options_) {
    if (option->count() > 0 && std::find(figures.begin(), figures.end(), figure_.number) == figures.end()) {
      throw UsageError("stg_eval: figure {} has no use for {}, which belongs to {} {}", figure_.number,
                       option->get_name(), figures.size() > 1 ? "figures" : "figure", fmt::join(figures, ", "));
    }
  }
}

/// Refuses what was given and would be ignored: a gate that is never checked, a file that is never read.
void EvalCommand::require_use(const std::string& what, const std::vector<std::string>& useful) const {
  for (const CLI::Option* option : app_->get_options()) {
    const std::string& name = option->get_name();
    if (option->count() > 0 && option->get_group() != kSharedGroup &&
        std::find(useful.begin(), useful.end(), name) == useful.end()) {
      throw UsageError("stg_eval: {} has no use for {}", what, name == "overrides" ? overrides_.front() : name);
    }
  }
}

/// Whether anything was asked for beyond the list of one folder's takes.
bool EvalCommand::wants_board() const {
  const BoardRequest plain;
  return !board_.table.empty() || !checkpoint_.empty() || !board_.metrics.empty() || !board_.gates.empty() ||
         !board_.baseline.empty() || !board_.study.empty() || !board_.against.empty() || !board_.split.empty() ||
         board_.seeds != plain.seeds || board_.replicates != plain.replicates || board_.format != plain.format ||
         board_.joints != plain.joints || !board_.style_classifier.empty() || board_.cards || board_.force ||
         board_.run_missing || no_references_;
}

int EvalCommand::run(const SharedFlags& flags) {
  resolve_device(flags.device);  // one that is not there is told whatever the command
  require_overrides(name(), overrides_);
  if (!parity_.empty()) {
    if (check_) {
      require_use("--parity --check", {"--parity", "--check", "--tolerance"});
      return check_bundle(flags);
    }
    require_use("--parity",
                {"--parity", "--dtype", "--batch", "--frames", "--config", "--checkpoint", "--runs-dir", "overrides"});
    return write_bundle(flags);
  }
  board_.references = !no_references_;
  board_.runs_dir = runs_dir_;
  board_.overrides = overrides_;
  if (!checkpoint_.empty()) {
    board_.checkpoint = checkpoint();
  }
  if (!export_.empty()) {
    return export_model();
  }
  if (figure_.number != 0) {
    return draw_figure(flags);
  }
  if (scaling_) {
    require_use("--scaling", {"--scaling", "--config", "--checkpoint", "--runs-dir", "overrides"});
    return run_scaling(config_, board_.checkpoint, overrides_, flags);
  }
  if (!card_.empty()) {
    require_use("--card", {"--card", "--checkpoint", "--config", "--runs-dir", "--data", "--split", "--beats"});
    return run_sensitivity(board_, flags);
  }
  if (board_.table.empty() && board_.generated.empty() && checkpoint_.empty()) {
    return print_facts(flags);
  }
  if (board_.table.empty() && !overrides_.empty()) {
    throw UsageError("stg_eval: '{}' changes the runs of a --table; there is none", overrides_.front());
  }
  return wants_board() ? run_board(board_, flags) : score_generated(flags);
}

int EvalCommand::export_model() const {
  if (checkpoint_.empty()) {
    throw UsageError("stg_eval: --export needs --checkpoint, the run or checkpoint whose model it is");
  }
  require_use("--export", {"--export", "--checkpoint", "--config", "--runs-dir"});
  if (infer::is_video_model(board_.checkpoint)) {
    infer::export_video_model(board_.checkpoint, export_);
  } else {
    infer::export_model(board_.checkpoint, export_);
  }
  print_result(export_);
  return static_cast<int>(ExitCode::kDone);
}

int EvalCommand::draw_figure(const SharedFlags& flags) const {
  check_figure_options();
  const bool people = figure_.number == 1 || figure_.number >= 10;
  std::vector<std::string> useful = {"--figure",     "--table",  "--data",     "--split",
                                     "--checkpoint", "--config", "--runs-dir", "overrides"};
  if (!people) {
    useful.insert(useful.end(), {"--generated", "--joints", "--beats"});
  }
  for (const auto& [option, figures] : figure_options_) {
    useful.push_back(option->get_name());
  }
  require_use(fmt::format("figure {}", figure_.number), useful);
  return people ? run_video_figure(figure_, board_, flags) : run_figure(figure_, board_, flags);
}

/// What is known without data: cards and network files.
int EvalCommand::print_facts(const SharedFlags& flags) const {
  if (board_.cards) {
    require_use("--cards", {"--cards"});
    print_cards(flags);
  } else if (metric_nets_->count() > 0) {
    require_use("--metric-nets alone", {"--metric-nets"});
    print_metric_nets(board_.metric_nets);
  } else {
    throw UsageError(
        "stg_eval: give either --generated FOLDER --data DATASET, --checkpoint RUN --data DATASET, --table N, or "
        "--parity FOLDER");
  }
  return static_cast<int>(ExitCode::kDone);
}

int EvalCommand::score_generated(const SharedFlags& flags) const {
  if (board_.data.empty()) {
    throw UsageError("stg_eval: --generated needs --data, the dataset whose takes the files are named after");
  }
  data::Dataset dataset = data::Dataset::open(board_.data);
  dataset.choose_beats(board_.beats);
  const eval::MotionScores scores = eval::score_motions(dataset, board_.generated);
  if (!flags.json) {
    print_result(scores.text());
    return static_cast<int>(ExitCode::kDone);
  }
  nlohmann::json rows = nlohmann::json::array();
  std::vector<eval::MotionScore> all = scores.rows;
  all.push_back(scores.all);
  for (const eval::MotionScore& row : all) {
    rows.push_back({{"take", row.take},
                    {"bc", row.bc},
                    {"bc_star", row.bc_star},
                    {"bc_star_other", row.bc_star_other},
                    {"bc_star_real", row.bc_star_real},
                    {"speed_ratio", row.speed_ratio},
                    {"jerk_ratio", row.jerk_ratio}});
  }
  print_result(rows);  // NaN becomes null
  return static_cast<int>(ExitCode::kDone);
}

/// `last` and `best` are looked up in the run that the configuration names.
fs::path EvalCommand::checkpoint() const {
  if (checkpoint_ == "last" || checkpoint_ == "best") {
    if (config_.empty()) {
      throw UsageError("stg_eval: --checkpoint {} needs --config, whose run it is; or give a path", checkpoint_);
    }
    return infer::find_model(fs::path(runs_dir_) / fs::path(config_).stem(), checkpoint_);
  }
  return infer::find_model(checkpoint_);
}

int EvalCommand::write_bundle(const SharedFlags& flags) const {
  if (config_.empty()) {
    throw UsageError("stg_eval: --config is required to make a bundle; add --check to compare one");
  }
  eval::ParityOptions options;
  train::TrainOptions reading;
  reading.config = config_;
  reading.overrides = overrides_;
  options.config_text = train::print_config(reading, false);  // refuses what training would refuse
  const auto document = config::Document::load(config::find_config(config_), overrides_);
  std::uint64_t seed = 1;
  document.root().read("seed", seed);
  seed = flags.seed.value_or(seed);
  const auto generator = models::make_generator(document.root().section("model"), seed);
  options.origin = fmt::format("Fresh weights from seed {}.", seed);
  if (!checkpoint_.empty()) {
    const fs::path found = checkpoint();
    weights::load_module(infer::model_weights(found), *generator.network);
    options.origin = fmt::format("Weights of {}.", found.filename().string());
  }
  options.seed = seed;
  options.batch = batch_;
  options.frames = frames_;
  options.float64 = dtype_ == "float64";
  eval::write_parity_bundle(parity_, generator, options);
  const std::int64_t parameters = weights::parameter_count(*generator.network);
  if (flags.json) {
    print_result(nlohmann::json{{"folder", parity_}, {"model", generator.name}, {"parameters", parameters}});
  } else {
    print_result(fmt::format("{}  {}, {} parameters, {}", parity_, generator.name, parameters, dtype_));
  }
  return static_cast<int>(ExitCode::kDone);
}

int EvalCommand::check_bundle(const SharedFlags& flags) const {
  const eval::ParityReport report = eval::check_parity_bundle(parity_);
  const bool agrees = report.agrees(tolerance_);
  if (flags.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const eval::ParityRow& row : report.rows) {
      rows.push_back(
          {{"name", row.name}, {"largest", row.largest}, {"relative", row.relative}, {"problem", row.problem}});
    }
    print_result(
        nlohmann::json{{"agrees", agrees}, {"tolerance", tolerance_}, {"not_given", report.not_given}, {"rows", rows}});
  } else {
    std::string text = fmt::format("{:<48} {:>12} {:>12}\n", "tensor", "largest", "relative");
    for (const eval::ParityRow& row : report.rows) {
      text += row.problem.empty() ? fmt::format("{:<48} {:>12.3e} {:>12.3e}{}\n", row.name, row.largest, row.relative,
                                                row.agrees(tolerance_) ? "" : "  differs")
                                  : fmt::format("{:<48} {}\n", row.name, row.problem);
    }
    text += fmt::format("{} compared, {} not given: {} within {:g}", report.rows.size(), report.not_given,
                        agrees ? "all" : "NOT all", tolerance_);
    print_result(text);
  }
  return static_cast<int>(agrees ? ExitCode::kDone : ExitCode::kGate);
}

}  // namespace

int eval_main(int argc, char** argv) {
  EvalCommand command;
  return run_program(argc, argv, command);
}

}  // namespace stgmamba::tools
