// SPDX-License-Identifier: MIT
// stg_eval --figure N: the paper's pictures from runs, checkpoints and other people's dances.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stgmamba/config/section.hpp"
#include "stgmamba/eval/clip_maker.hpp"
#include "stgmamba/eval/dependence.hpp"
#include "stgmamba/eval/figure_strips.hpp"
#include "stgmamba/eval/generated_rows.hpp"
#include "stgmamba/eval/table_config.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

#include "board_parts.hpp"
#include "eval_actions.hpp"

namespace stgmamba::tools {

namespace {

namespace fs = std::filesystem;

/// What a row of a figure is made from: a run or checkpoint, or a folder of motion files named after takes.
using Method = NamedRun;

std::vector<Method> methods_of(const FigureRequest& figure, const BoardRequest& request, const eval::TableConfig& table,
                               const std::string& data, const std::string& data_hash) {
  std::vector<Method> methods;
  for (const std::string& run : figure.runs) {
    methods.push_back(named_run(run));
  }
  if (!request.table.empty()) {
    for (const FinishedRow& found : finished_rows(table, request, data, data_hash)) {
      methods.push_back({found.row->label, found.run});
    }
  }
  if (!request.checkpoint.empty()) {
    methods.push_back({"checkpoint", request.checkpoint});
  }
  if (!request.generated.empty()) {
    methods.push_back({"generated", request.generated});
  }
  if (methods.empty()) {
    const fs::path shipped = config::find_shared("dancer");
    if (shipped.empty()) {
      throw UsageError("stg_eval: --figure {} needs --run, --checkpoint, --generated or --table", figure.number);
    }
    util::log().info("no --run given: the dancer that ships is the method");
    methods.push_back({"the dancer that ships", shipped});
  }
  return methods;
}

/// The take's motion file in a folder of dances; empty: the folder is no such folder.
fs::path motion_file(const fs::path& folder, const std::string& take) {
  for (const char* ending : {".npz", ".json"}) {
    if (fs::exists(folder / (take + ending))) {
      return folder / (take + ending);
    }
  }
  return {};
}

/// `draws` dances of one method to the stretch; one where they come from files.
eval::StripRow row_of(const Method& method, const eval::TestBed& bed, const eval::Stretch& stretch,
                      const BoardRequest& request, std::int64_t draws, const SharedFlags& flags) {
  const eval::TestBed::Place& place = bed.places()[stretch.place];
  const fs::path file = motion_file(method.path, bed.takes()[place.take].id);
  if (!file.empty()) {
    const skeleton::Motion whole = eval::read_joints(file, eval::joints_from_name(request.joints));
    if (whole.frames() < place.frame + infer::kWindowFrames) {
      throw DataError("{}: must last {:g} s, as the figure's music does, got {:g} s", file.string(),
                      static_cast<double>(place.frame + infer::kWindowFrames) / whole.fps, whole.seconds());
    }
    return {method.label, {skeleton::slice(whole, place.frame, infer::kWindowFrames)}};
  }
  const auto model = infer::MotionModel::load(method.path, resolve_device(flags.device));
  const auto number = static_cast<std::int64_t>(stretch.place);  // the same z as in tables
  return {method.label, eval::make_clips(model, stretch.samples, {number}, flags.seed.value_or(1),
                                         draws > 1 ? "eval draws" : "eval", draws)};
}

int joint_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  std::vector<std::string> names;
  for (int v = 0; v < skeleton::kJoints; ++v) {
    names.emplace_back(skeleton::joint_name(v));
    if (names.back() == name) {
      return v;
    }
  }
  const std::string near = util::nearest(name, names);
  throw UsageError("--example: must be one of {}, got '{}'{}", util::join(names, ", "), name,
                   near.empty() ? "" : " (did you mean '" + near + "'?)");
}

eval::Figure dependence_figure(const FigureRequest& figure, const std::vector<Method>& methods,
                               const eval::Stretch& stretch, const SharedFlags& flags) {
  if (methods.size() != 1) {
    throw UsageError("stg_eval: --figure 9 shows one model, got {}", methods.size());
  }
  const auto model = infer::MotionModel::load(methods.front().path, resolve_device(flags.device));
  eval::DependenceOptions options;
  options.block = figure.block;
  options.response = eval::response_from_name(figure.response);
  options.seed = flags.seed.value_or(1);
  options.number = static_cast<std::int64_t>(stretch.place);
  std::vector<eval::Dependence> examples;
  for (const std::string& name : figure.joints) {
    options.joint = joint_of(name);
    examples.push_back(eval::node_dependence(model, stretch.samples, options));
  }
  const auto dance = eval::make_clips(model, stretch.samples, {options.number}, options.seed, "eval");
  return eval::draw_dependences(stretch, dance.front(), examples, options.response);
}

eval::Figure make_figure(const FigureRequest& figure, const BoardRequest& request, const eval::TestBed& bed,
                         const std::vector<Method>& methods, const SharedFlags& flags) {
  // Figures 5 to 7 show three songs; 8 and 9 one.
  const std::vector<std::string> styles = {"kpop", "ballet", "popping"};
  const std::size_t number = figure.number <= 7 ? static_cast<std::size_t>(figure.number - 5) : 0;
  const eval::Stretch stretch = eval::choose_stretch(bed, {figure.take, styles[number], number, figure.start});
  if (figure.number == 9) {
    return dependence_figure(figure, methods, stretch, flags);
  }
  std::vector<eval::StripRow> rows;
  rows.reserve(methods.size() + 1);
  for (const Method& method : methods) {
    rows.push_back(row_of(method, bed, stretch, request, figure.number == 8 ? figure.draws : 1, flags));
  }
  rows.push_back({"real dance", eval::real_dances(bed, stretch)});
  if (figure.number == 8) {
    return eval::draw_overlays(stretch, rows);
  }
  std::vector<skeleton::Motion> real;
  std::transform(bed.yardstick().clips().begin(), bed.yardstick().clips().end(), std::back_inserter(real),
                 [](const metrics::Clip& clip) { return clip.motion; });
  return eval::draw_strips(stretch, rows, eval::learn_marks(real, eval::kStripStep));
}

}  // namespace

int run_figure(const FigureRequest& figure, const BoardRequest& request, const SharedFlags& flags) {
  util::install_stop_signals();
  eval::TableConfig table;
  if (!request.table.empty()) {
    table = eval::read_table(eval::find_table(request.table));
  }
  const std::string folder = request.data.empty() ? table.data : request.data;
  if (folder.empty()) {
    throw UsageError("stg_eval: --figure {} needs --data, the dataset whose song is danced to", figure.number);
  }
  data::Dataset dataset = data::Dataset::open(folder);
  dataset.choose_beats(request.beats);
  const std::vector<Method> methods = methods_of(figure, request, table, folder, dataset.hash());
  eval::TestBedOptions options;
  options.split = request.split.empty() ? table.split : request.split;
  options.styles = table.styles;
  options.training = false;
  const eval::TestBed bed(std::move(dataset), options);
  const eval::Figure made = make_figure(figure, request, bed, methods, flags);
  show_figure(made, figure, flags);
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace stgmamba::tools
