// SPDX-License-Identifier: MIT
#include "weights_file.hpp"

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

fs::path weights_file(const fs::path& from, const std::string& network) {
  if (!fs::exists(from)) {
    throw CheckpointError("{}: no such weights; give a .safetensors or .pth file, a checkpoint or a run folder",
                          from.string());
  }
  if (!fs::is_directory(from)) {
    return from;
  }
  fs::path checkpoint = from;
  if (fs::exists(from / "checkpoints")) {
    checkpoint = io::find_checkpoint(from, fs::exists(from / "best") ? "best" : "last");
  } else if (fs::exists(from / "state.json")) {  // a checkpoint of ours, and not a folder with just weights
    if (const std::string damage = io::checkpoint_damage(from); !damage.empty()) {
      throw CheckpointError("{}: {}; take an older checkpoint of the run", from.string(), damage);
    }
  }
  const fs::path averaged = weights::find_weights(checkpoint, io::averaged_name(network));
  return averaged.empty() ? weights::weights_in(checkpoint, network) : averaged;
}

}  // namespace stgmamba::train
