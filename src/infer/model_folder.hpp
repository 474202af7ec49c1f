// SPDX-License-Identifier: MIT
// Where a trained model's configuration stands, and what the model was trained for.
#pragma once

#include <filesystem>
#include <string>

namespace stgmamba::infer {

inline constexpr const char* kNetwork = "generator";  // its weights: generator.safetensors or generator.pth

/// config.yaml beside the weights (a checkpoint that travels alone) or in the run that holds them. Throws
/// CheckpointError when there is none.
std::filesystem::path config_of(const std::filesystem::path& checkpoint);

/// The `task` of a configuration. Throws ConfigError.
std::string task_of(const std::filesystem::path& config);

}  // namespace stgmamba::infer
