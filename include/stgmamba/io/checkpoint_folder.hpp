// SPDX-License-Identifier: MIT
// The run folder's layout on disk, free of torch: which checkpoints are whole, which is last, which is best.
//   runs/<name>/{run.json, config.yaml, metrics.jsonl, checkpoints/step_000012000/{*.safetensors, state.json,
//   COMPLETE},
//                last, best, samples/, logs/}
// COMPLETE is written last and holds the hash of every other file of the checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stgmamba::io {

std::string checkpoint_name(std::int64_t step);  // "step_000012000"
/// "generator_ema": stem of the file that holds a moving average of the network's weights, where one was kept. It is
/// what dances and is scored then.
std::string averaged_name(const std::string& network);

/// Writes COMPLETE into a folder whose other files are final.
void seal_checkpoint(const std::filesystem::path& checkpoint);
/// "" when COMPLETE is there and every hash agrees, else what is wrong ("generator.safetensors: content changed").
std::string checkpoint_damage(const std::filesystem::path& checkpoint);
/// Steps of all checkpoint folders of a run, ascending, whole or not.
std::vector<std::int64_t> checkpoint_steps(const std::filesystem::path& run);
/// Newest whole checkpoint; damaged ones are skipped with a warning. nullopt when there is none.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run);
/// "last", "best", a step number, or a path, resolved inside a run. Throws CheckpointError that names what exists.
std::filesystem::path find_checkpoint(const std::filesystem::path& run, const std::string& which);

}  // namespace stgmamba::io
