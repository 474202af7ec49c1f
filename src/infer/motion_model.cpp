// SPDX-License-Identifier: MIT
#include "stgmamba/infer/motion_model.hpp"

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "infer/model_folder.hpp"

namespace stgmamba::infer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDancing = "music_to_skeleton";

/// Whether a run trained a dancer: other tasks' runs hold none.
bool trained_a_dancer(const fs::path& run) {
  try {
    return !fs::exists(run / "config.yaml") || task_of(run / "config.yaml") == kDancing;
  } catch (const ConfigError& error) {
    util::log().warn("{}; the run is passed over", error.what());
    return false;
  }
}

}  // namespace

fs::path find_model(const fs::path& path, const std::string& which) {
  if (!fs::exists(path)) {
    throw CheckpointError("{}: no such run or checkpoint; make one with stg_train --config CONFIG", path.string());
  }
  if (!weights::find_weights(path, kNetwork).empty()) {
    if (which != "auto") {
      throw CheckpointError("{}: is one checkpoint and no run, so there is no '{}' to choose; give the run's folder",
                            path.string(), which);
    }
    const std::string damage = io::checkpoint_damage(path);
    if (!damage.empty()) {
      throw CheckpointError("{}: {}; take another checkpoint of the run", path.string(), damage);
    }
    return path;
  }
  if (which != "auto") {
    return io::find_checkpoint(path, which);
  }
  if (fs::exists(path / "best")) {
    try {
      return io::find_checkpoint(path, "best");
    } catch (const CheckpointError& error) {
      util::log().warn("{}; taking the last one", error.what());
    }
  }
  return io::find_checkpoint(path, "last");
}

fs::path model_weights(const fs::path& checkpoint) {
  const fs::path averaged = weights::find_weights(checkpoint, io::averaged_name(kNetwork));
  return averaged.empty() ? weights::weights_in(checkpoint, kNetwork) : averaged;
}

MotionModel MotionModel::load(const fs::path& path, c10::Device device, const std::string& which) {
  MotionModel model;
  model.checkpoint = find_model(path, which);
  model.device = device;
  const fs::path config = config_of(model.checkpoint);
  if (const std::string task = task_of(config); task != kDancing) {
    throw CheckpointError("{}: its task is {}, a dancer's is {}; give the run of a first stage", config.string(), task,
                          kDancing);
  }
  const auto document = config::Document::load(config);
  model.generator = models::make_generator(document.root().section("model"), 0);
  model.weights_file = model_weights(model.checkpoint);
  if (model.weights_file.stem() == io::averaged_name(kNetwork)) {
    util::log().info("{}: dances with the moving average of its weights (train.ema)", model.checkpoint.string());
  }
  weights::load_module(model.weights_file, *model.generator.network);
  model.generator.network->to(device);
  model.generator.network->eval();
  return model;
}

void export_model(const fs::path& path, const fs::path& folder) {
  const MotionModel model = MotionModel::load(path, torch::kCPU);
  if (fs::exists(folder)) {
    throw UsageError("{}: exists already; choose another folder", folder.string());
  }
  io::Safetensors content;
  content.metadata = {{"network", kNetwork}};
  for (const auto& entry : model.generator.network->named_parameters()) {
    content.tensors.emplace(entry.key(), weights::to_array(entry.value().to(torch::kBFloat16)));
  }
  for (const auto& entry : model.generator.network->named_buffers()) {
    content.tensors.emplace(entry.key(), weights::to_array(entry.value()));
  }
  const std::string config = util::read_text(config_of(model.checkpoint));
  util::PendingFolder whole_or_nothing(folder);
  const fs::path& into = whole_or_nothing.path();
  io::write_safetensors(into / (std::string(kNetwork) + ".safetensors"), content);
  util::write_text(into / "config.yaml", config);
  io::seal_checkpoint(into);
  whole_or_nothing.commit();
}

fs::path newest_finished_run(const fs::path& runs) {
  fs::path newest;
  std::string newest_end;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(runs, unreadable)) {
    const fs::path record = entry.path() / "run.json";
    if (!fs::exists(record)) {
      continue;
    }
    const io::Json run = io::read_json(record);
    const std::string end = run.value("finished", false) ? run.value("ended", std::string("?")) : "";
    // Equal times: the name decides, so that the choice never depends on the folder's order.
    if (!end.empty() && std::pair(end, entry.path()) > std::pair(newest_end, newest) &&
        trained_a_dancer(entry.path())) {
      newest = entry.path();
      newest_end = end;
    }
  }
  return newest;
}

}  // namespace stgmamba::infer
