// SPDX-License-Identifier: MIT
#include "stgmamba/infer/video_model.hpp"

#include <algorithm>

#include "stgmamba/config/section.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/text.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "infer/model_folder.hpp"

namespace stgmamba::infer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTask = "skeleton_to_video";

/// The weights that `path` means.
fs::path find_video_weights(const fs::path& path, const std::string& which) {
  if (fs::is_regular_file(path)) {
    if (path.extension() != ".safetensors" && path.extension() != ".pth" && path.extension() != ".pt") {
      throw CheckpointError("{}: a video model is a run, a checkpoint folder, or its .safetensors or .pth file",
                            path.string());
    }
    return path;
  }
  return weights::weights_in(find_model(path, which), kNetwork);
}

/// {"version": 1, "kind": "rgb", "size": 256} of the checkpoint that holds the weights.
skeleton::PoseMapStyle read_pose_maps(const fs::path& checkpoint) {
  const fs::path file = checkpoint / "state.json";
  if (!fs::exists(file)) {
    throw CheckpointError(
        "{}: no such file, so it is unknown which pose maps the network was trained on; copy it from the checkpoint",
        file.string());
  }
  skeleton::PoseMapStyle style;
  try {
    const io::Json stored = io::read_json(file).at("task").at("pose_map");
    skeleton::require_pose_map_version(stored.at("version").get<int>(), checkpoint.string());
    const auto kind = stored.at("kind").get<std::string>();
    if (kind != "rgb" && kind != "onehot") {
      throw CheckpointError("{}: task.pose_map.kind must be rgb or onehot, got '{}'", file.string(), kind);
    }
    style.kind = skeleton::pose_map_kind(kind);
    style.width = style.height = stored.at("size").get<int>();
  } catch (const io::Json::exception& error) {
    throw CheckpointError("{}: task.pose_map must hold version, kind and size: {:.200}", file.string(),
                          std::string_view(error.what()));
  }
  if (style.width < 16 || style.width > 4096 || style.width % 2 != 0) {
    throw CheckpointError("{}: task.pose_map.size must be even, from 16 to 4096, got {}", file.string(), style.width);
  }
  return style;
}

/// Checkpoints that name none are of films around the dancer.
std::string read_framing(const fs::path& checkpoint) {
  const fs::path file = checkpoint / "state.json";
  const io::Json task = io::read_json(file).at("task");
  const std::string framing = task.contains("framing") && task["framing"].is_string()
                                  ? task["framing"].get<std::string>()
                                  : data::Framing().kind;
  if (std::find(data::kFramings.begin(), data::kFramings.end(), framing) == data::kFramings.end()) {
    throw CheckpointError("{}: task.framing must be one of {}, got '{}'", file.string(),
                          util::join(data::kFramings, ", "), framing);
  }
  return framing;
}

/// One black picture through the network, so that a size or a kind of pose map that it does not take is said here.
void try_out(const VideoModel& model, const fs::path& config) {
  const torch::InferenceMode guard;
  const int width = model.pose_maps.width, height = model.pose_maps.height;
  const auto options = torch::TensorOptions().device(model.device);
  try {
    model.network->render(
        {torch::zeros({1, 3, height, width}, options), torch::zeros({1, skeleton::kJoints, 3}, options)},
        {torch::zeros({1, 1, pose_map_channels(model.pose_maps.kind), height, width}, options),
         torch::zeros({1, 1, skeleton::kJoints, 3}, options)});
  } catch (const BugError& error) {
    throw CheckpointError("{}: the network does not take the {}x{} pose maps that the checkpoint names: {}",
                          config.string(), width, height, error.what());
  }
}

}  // namespace

VideoModel VideoModel::load(const fs::path& path, c10::Device device, const std::string& which) {
  VideoModel model;
  model.source = find_video_weights(path, which);
  model.device = device;
  const fs::path checkpoint = model.source.parent_path();
  const fs::path config = config_of(checkpoint);
  if (const std::string task = task_of(config); task != kTask) {
    throw CheckpointError("{}: its task is {}, a video model's is {}; give the run of a second stage", config.string(),
                          task, kTask);
  }
  model.pose_maps = read_pose_maps(checkpoint);
  model.framing = read_framing(checkpoint);
  const auto document = config::Document::load(config);
  model.name = "gr_composite";
  document.root().section("model").read("name", model.name, models::video_generator_names());
  model.network = models::make_video_generator(document.root().section("model"), 0);
  weights::load_module(model.source, *model.network);
  model.network->to(device);
  model.network->eval();
  if (device.is_cpu()) {
    models::use_channels_last(*model.network);
  }
  try_out(model, config);
  return model;
}

void export_video_model(const fs::path& path, const fs::path& folder) {
  const VideoModel model = VideoModel::load(path, torch::kCPU);
  if (fs::exists(folder)) {
    throw UsageError("{}: exists already; choose another folder", folder.string());
  }
  const fs::path checkpoint = model.source.parent_path();
  const io::Json pose_map = io::read_json(checkpoint / "state.json").at("task").at("pose_map");
  const std::string config = util::read_text(config_of(checkpoint));
  util::PendingFolder whole_or_nothing(folder);
  const fs::path& into = whole_or_nothing.path();
  weights::save_module(into / fmt::format("{}.safetensors", kNetwork), *model.network);
  util::write_text(into / "config.yaml", config);
  io::write_json(into / "state.json", {{"task", {{"pose_map", pose_map}, {"framing", model.framing}}}});
  io::seal_checkpoint(into);
  whole_or_nothing.commit();
}

bool is_video_model(const fs::path& path) {
  return task_of(config_of(find_video_weights(path, "auto").parent_path())) == kTask;
}

}  // namespace stgmamba::infer
