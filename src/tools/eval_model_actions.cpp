// SPDX-License-Identifier: MIT
// stg_eval on one model: the causal card, and how it scales.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stgmamba/config/section.hpp"
#include "stgmamba/eval/scaling.hpp"
#include "stgmamba/eval/sensitivity.hpp"
#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/util/stop.hpp"

#include "eval_actions.hpp"

namespace stgmamba::tools {

int run_sensitivity(const BoardRequest& request, const SharedFlags& flags) {
  util::install_stop_signals();
  if (request.checkpoint.empty() || request.data.empty()) {
    throw UsageError("stg_eval: --card music-sensitivity needs --checkpoint RUN and --data DATASET");
  }
  const auto model = infer::MotionModel::load(request.checkpoint, resolve_device(flags.device));
  eval::TestBedOptions bed_options;
  bed_options.split = request.split.empty() ? "test" : request.split;
  bed_options.training = false;
  data::Dataset dataset = data::Dataset::open(request.data);
  dataset.choose_beats(request.beats);
  const eval::TestBed bed(std::move(dataset), bed_options);
  eval::SensitivityOptions options;
  options.seed = flags.seed.value_or(1);
  const eval::SensitivityReport report = eval::music_sensitivity(bed, model, options);
  if (flags.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const eval::SensitivityRow& row : report.rows) {
      rows.push_back(
          {{"name", row.name}, {"what", row.what}, {"value", row.value}, {"gate", row.gate}, {"ok", row.ok()}});
    }
    print_result(nlohmann::json{{"checkpoint", model.checkpoint.string()}, {"ok", report.ok()}, {"rows", rows}});
  } else {
    print_result(report.text());
  }
  return static_cast<int>(report.ok() ? ExitCode::kDone : ExitCode::kGate);
}

int run_scaling(const std::string& config, const std::filesystem::path& checkpoint,
                const std::vector<std::string>& overrides, const SharedFlags& flags) {
  util::install_stop_signals();
  if (config.empty() == checkpoint.empty()) {
    throw UsageError("stg_eval: --scaling needs a --config or a --checkpoint");
  }
  const c10::Device device = resolve_device(flags.device);
  models::GeneratorHandle generator;
  if (!checkpoint.empty()) {
    generator = infer::MotionModel::load(checkpoint, device).generator;
  } else {
    train::TrainOptions reading;
    reading.config = config;
    reading.overrides = overrides;
    train::print_config(reading, false);  // refuses what training would refuse
    const auto document = config::Document::load(config::find_config(config), overrides);
    generator = models::make_generator(document.root().section("model"), flags.seed.value_or(1));
  }
  const eval::ScalingReport report = eval::measure_scaling(generator, device);
  if (flags.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const eval::ScalingRow& row : report.rows) {
      rows.push_back({{"frames", row.frames}, {"seconds", row.seconds}, {"megabytes", row.megabytes}});
    }
    print_result(nlohmann::json{{"exponent", report.exponent()}, {"rows", rows}});
  } else {
    print_result(report.text());
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace stgmamba::tools
