// SPDX-License-Identifier: MIT
// A trained music-to-skeleton model, as a run or a checkpoint holds it.
#pragma once

#include <filesystem>
#include <string>

#include <c10/core/Device.h>

#include "stgmamba/models/pose_generator.hpp"

namespace stgmamba::infer {

/// A generator in evaluation mode and where it came from.
struct MotionModel {
  models::GeneratorHandle generator;
  c10::Device device{c10::DeviceType::CPU};
  std::filesystem::path checkpoint;    // empty: not from disk
  std::filesystem::path weights_file;  // in it

  /// `path` is a run folder (its `which` checkpoint; "auto": best where one is recorded, else last) or a checkpoint
  /// folder. The model section comes from the run's config.yaml, the weights from
  /// generator_ema.safetensors where training kept a moving average (train.ema; the log says so), else from
  /// generator.safetensors. Throws CheckpointError when there is none, when it is damaged, or when the weights do not
  /// fit.
  static MotionModel load(const std::filesystem::path& path, c10::Device device, const std::string& which = "auto");
};

/// The checkpoint folder that load() reads.
std::filesystem::path find_model(const std::filesystem::path& path, const std::string& which = "auto");
/// The file in it that load() reads. Throws CheckpointError when there is none.
std::filesystem::path model_weights(const std::filesystem::path& checkpoint);

/// Writes config.yaml and the generator's weights of `path` (as load()) to a new folder that travels and dances alone:
/// parameters in bfloat16, which halves them; the norms' running statistics as they are.
void export_model(const std::filesystem::path& path, const std::filesystem::path& folder);

/// The run under `runs` whose run.json says that it finished last; empty when there is none.
std::filesystem::path newest_finished_run(const std::filesystem::path& runs);

}  // namespace stgmamba::infer
