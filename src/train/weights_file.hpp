// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace stgmamba::train {

/// The file of weights of `network` that a path means: itself, or that of a checkpoint, or that of a run's best or
/// newest checkpoint; the averaged weights of a checkpoint that holds some. Throws CheckpointError.
std::filesystem::path weights_file(const std::filesystem::path& from, const std::string& network);

}  // namespace stgmamba::train
