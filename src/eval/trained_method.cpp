// SPDX-License-Identifier: MIT
#include <torch/torch.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/eval/video_method.hpp"
#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;

namespace {

/// Kind of the pose maps that a checkpoint's network has learnt to see; they must be `size` pixels a side.
skeleton::PoseMapKind known_pose_maps(const fs::path& checkpoint, std::int64_t size) {
  const fs::path file = checkpoint / "state.json";
  try {
    const io::Json stored = io::read_json(file).at("task").at("pose_map");
    skeleton::require_pose_map_version(stored.at("version").get<int>(), file.string());
    if (const auto trained = stored.at("size").get<std::int64_t>(); trained != size) {
      throw ConfigError("{}: must be trained on pictures of {} px, as large as the clips, got {}", file.string(), size,
                        trained);
    }
    return skeleton::pose_map_kind(stored.at("kind").get<std::string>());
  } catch (const io::Json::exception& error) {
    throw CheckpointError("{}: must hold task.pose_map with version, kind and size, as skeleton_to_video runs do: {}",
                          file.string(), error.what());
  }
}

}  // namespace

std::int64_t trained_size(const fs::path& run) {
  const fs::path file = infer::find_model(run) / "state.json";
  const io::Json stored = io::read_json(file);
  const auto pointer = io::Json::json_pointer("/task/pose_map/size");
  if (!stored.contains(pointer)) {
    throw CheckpointError("{}: must hold task.pose_map.size, as skeleton_to_video runs do", file.string());
  }
  return stored.at(pointer).get<std::int64_t>();
}

VideoMethod trained_method(const fs::path& run, const std::string& label, std::int64_t size, c10::Device device) {
  const fs::path checkpoint = infer::find_model(run);
  const skeleton::PoseMapKind kind = known_pose_maps(checkpoint, size);
  const auto document = config::Document::load(run / "config.yaml");
  const std::shared_ptr<models::VideoGenerator> network =
      models::make_video_generator(document.root().section("model"), 0);
  weights::load_module(weights::weights_in(checkpoint, "generator"), *network);
  network->to(device);
  network->eval();
  VideoMethod method = network_method(network, kind, device);
  method.name = method.label = label;
  return method;
}

}  // namespace stgmamba::eval
