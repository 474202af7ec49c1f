// SPDX-License-Identifier: MIT
// stg_eval --figure 1, 10 and 11: people, data and methods as strips of frames.
#include <algorithm>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stgmamba/eval/figure.hpp"
#include "stgmamba/eval/table_config.hpp"
#include "stgmamba/eval/video_figure.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

#include "board_parts.hpp"
#include "eval_actions.hpp"

namespace stgmamba::tools {

namespace {

namespace fs = std::filesystem;
using eval::VideoMethod;

constexpr std::int64_t kColumns = 8, kPeople = 4, kExampleRows = 4;

/// --run and --checkpoint, as they were given.
std::vector<std::string> named_runs(const FigureRequest& figure, const BoardRequest& request) {
  std::vector<std::string> runs = figure.runs;
  if (!request.checkpoint.empty()) {
    runs.push_back(request.checkpoint.string());
  }
  return runs;
}

/// What --run and --checkpoint name, and the table's rows that have a finished run, by their first seed.
std::vector<VideoMethod> methods_of(const FigureRequest& figure, const BoardRequest& request,
                                    const eval::TableConfig& table, const eval::VideoBed& bed, c10::Device device) {
  std::vector<VideoMethod> methods;
  const std::int64_t size = bed.options().size;
  for (const std::string& text : named_runs(figure, request)) {
    const NamedRun run = named_run(text);
    methods.push_back(eval::trained_method(run.path, run.label, size, device));
  }
  for (const FinishedRow& found :
       finished_rows(table, request, bed.dataset().folder().string(), bed.dataset().hash())) {
    methods.push_back(eval::trained_method(found.run, found.row->label, size, device, "last", found.row->infer));
  }
  return methods;
}

VideoMethod cutout_method() {
  const std::vector<VideoMethod> references = eval::reference_methods();
  return *std::find_if(references.begin(), references.end(),
                       [](const auto& method) { return method.name == "cutout"; });
}

/// Frames of the clips that are shown: as many as asked for, or as the video of --take, or else the longest, allows.
std::int64_t shown_frames(const data::Dataset& dataset, const eval::VideoBedOptions& options, const std::string& take) {
  std::int64_t film = eval::longest_film(dataset, options, take);
  film = film > 0 ? film : eval::longest_film(dataset, options);  // place_of() tells of a take that is not there
  if (film < 2 || film > options.frames) {
    return options.frames;
  }
  util::log().info(
      "clips of {} frames instead of {}: {} of the split '{}' has {} frames, the first of which is the photo", film - 1,
      options.frames, take.empty() ? "the longest video" : "the video of " + take, options.split, film);
  return film - 1;
}

/// The clip of --take, or the first.
std::size_t place_of(const eval::VideoBed& bed, const std::string& take) {
  std::vector<std::string> names;
  for (std::size_t place = 0; place < bed.places().size(); ++place) {
    names.push_back(bed.takes()[bed.places()[place].take].id);
    if (take.empty() || names.back() == take) {
      return place;
    }
  }
  const std::string near = util::nearest(take, names);
  throw UsageError("--take: must be a filmed take of the split '{}', got '{}'{}", bed.options().split, take,
                   near.empty() ? "" : " (did you mean '" + near + "'?)");
}

eval::Figure draw(int number, const eval::VideoBed& bed, std::size_t place, const std::vector<VideoMethod>& methods) {
  const std::string data = bed.dataset().folder().filename().string();
  const std::string take = bed.takes()[bed.places()[place].take].id;
  std::vector<eval::PictureStrip> strips;
  std::string caption;
  if (number == 10) {
    strips = eval::example_strips(bed, kExampleRows, kColumns);
    caption = fmt::format("Frames of the data set {}, its part '{}': one a person, as far as there are people.", data,
                          bed.options().split);
  } else if (number == 11) {
    strips = eval::comparison_strips(bed, place, methods, kColumns);
    caption = fmt::format(
        "Skeleton to video: the clip {} of {}. Every method saw the first frame of the take, which is not shown, and "
        "the skeletons of the first row; the second row is what the camera saw.",
        take, data);
  } else {
    const VideoMethod& last = methods.back();  // of a table, which ends with its own
    strips = eval::people_strips(bed, place, last, kPeople, kColumns);
    caption = fmt::format(
        "One dance, several people: the skeletons of {} (first row) danced by {} from the photo at the left of each "
        "row.",
        take, last.label);
  }
  nlohmann::json labels = nlohmann::json::array();
  for (const eval::PictureStrip& strip : strips) {
    labels.push_back(strip.label);
  }
  return {eval::draw_picture_strips(strips), caption, {{"figure", number}, {"take", take}, {"rows", labels}}};
}

}  // namespace

int run_video_figure(const FigureRequest& figure, const BoardRequest& request, const SharedFlags& flags) {
  if (!request.generated.empty()) {
    throw UsageError("stg_eval: --generated holds dances; figure {} shows people: name networks by --run or --table",
                     figure.number);
  }
  util::install_stop_signals();
  eval::TableConfig table;
  if (!request.table.empty()) {
    table = eval::read_table(eval::find_table(request.table));
  }
  const std::string folder = request.data.empty() ? table.data : request.data;
  if (folder.empty()) {
    throw UsageError("stg_eval: --figure {} needs --data, the dataset whose people are shown", figure.number);
  }
  eval::VideoBedOptions options;
  options.split = request.split.empty() ? table.split : request.split;
  options.styles = table.styles;
  const std::vector<std::string> runs = named_runs(figure, request);
  options.size = request.table.empty() && !runs.empty() ? eval::trained_size(named_run(runs.front()).path) : table.size;
  options.frames = table.frames;
  const data::Dataset dataset = data::Dataset::open(folder);
  options.frames = shown_frames(dataset, options, figure.take);
  const eval::VideoBed bed(dataset, options);
  std::vector<VideoMethod> methods = methods_of(figure, request, table, bed, resolve_device(flags.device));
  if (methods.empty() && figure.number != 10) {
    util::log().info("{}: the cutout is the method",
                     request.table.empty() ? "no --run, --checkpoint or --table given" : "no row has a finished run");
  }
  if (methods.empty() || figure.number == 11) {
    methods.push_back(cutout_method());
  }
  const eval::Figure made = draw(figure.number, bed, place_of(bed, figure.take), methods);
  show_figure(made, figure, flags);
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace stgmamba::tools
