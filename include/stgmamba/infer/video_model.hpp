// SPDX-License-Identifier: MIT
// A trained skeleton-to-video network, as a run, a checkpoint or a file of weights holds it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include "stgmamba/models/video_generator.hpp"
#include "stgmamba/skeleton/pose_map.hpp"

namespace stgmamba::infer {

/// A generator in evaluation mode, the pose maps that it knows, and where it came from.
struct VideoModel {
  std::shared_ptr<models::VideoGenerator> network;
  std::string name;                  // "gr_composite"
  skeleton::PoseMapStyle pose_maps;  // kind and size of those it was trained on; its pictures are as large
  std::string framing;               // how its training films were framed, one of data::kFramings
  c10::Device device{c10::DeviceType::CPU};
  std::filesystem::path source;  // the weights file; empty: not from disk

  /// `path` is a run folder (its `which` checkpoint; "auto": best where one is recorded, else last), a checkpoint
  /// folder, or the .safetensors or .pth file of a generator in one. The model section comes from config.yaml beside
  /// the weights or in their run, kind and size of the pose maps and the films' framing from the checkpoint's
  /// state.json. Throws CheckpointError when something is missing or damaged, when another task was trained, when
  /// weights do not fit (no name may be missing or spare), or when pose maps were of another version than this program
  /// draws.
  static VideoModel load(const std::filesystem::path& path, c10::Device device, const std::string& which = "auto");
};

/// Writes what load() needs of `path` to a new folder that travels alone: config.yaml, state.json, and the generator's
/// weights as they are.
void export_video_model(const std::filesystem::path& path, const std::filesystem::path& folder);

/// Whether `path` (as load() takes it) holds a skeleton-to-video network, by its configuration's task.
bool is_video_model(const std::filesystem::path& path);

}  // namespace stgmamba::infer
