// SPDX-License-Identifier: MIT
#include "infer/model_folder.hpp"

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::infer {
namespace fs = std::filesystem;

fs::path config_of(const fs::path& checkpoint) {
  const fs::path absolute = fs::absolute(checkpoint).lexically_normal();
  for (fs::path folder = absolute; folder != folder.root_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / "config.yaml")) {
      return folder / "config.yaml";
    }
    if (fs::exists(folder / "checkpoints")) {
      break;
    }
  }
  throw CheckpointError("{}: no config.yaml in it or in its run, so the network is unknown; copy it from the run",
                        checkpoint.string());
}

std::string task_of(const fs::path& config) {
  std::string task = "music_to_skeleton";
  config::Document::load(config).root().read("task", task);
  return task;
}

}  // namespace stgmamba::infer
