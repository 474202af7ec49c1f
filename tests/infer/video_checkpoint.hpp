// SPDX-License-Identifier: MIT
// Runs of a second stage as training leaves them, with small fresh networks.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/models/video_generator.hpp"
#include "stgmamba/skeleton/pose_map.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::test {

inline constexpr const char* kSmallGr = "{name: gr_composite, ngf: 4, downs: 2, blocks: 2}";
inline constexpr const char* kSmallReposed =
    "{name: gr_composite, ngf: 4, downs: 2, blocks: 2, flow: true, start: image, condition: reposed}";
inline constexpr const char* kSmallVid2Vid = "{name: vid2vid, ngf: 4, downs: 2, blocks: 2}";

inline std::shared_ptr<models::VideoGenerator> video_network(const std::string& model, std::uint64_t seed) {
  auto network =
      models::make_video_generator(config::Document::parse("model: " + model, "test").root().section("model"), seed);
  network->eval();
  return network;
}

/// A checkpoint of the run `run`; returns its folder. `pose_map` as JSON.
inline std::filesystem::path make_video_run(
    const std::filesystem::path& run, std::int64_t step, std::uint64_t seed, const std::string& model = kSmallGr,
    const std::string& pose_map = fmt::format(R"({{"version": {}, "kind": "rgb", "size": 32}})",
                                              skeleton::kPoseMapVersion),
    const std::string& task = "skeleton_to_video", const std::string& framing = "square_crop") {
  const std::filesystem::path folder = run / "checkpoints" / io::checkpoint_name(step);
  util::make_folders(folder);
  weights::save_module(folder / "generator.safetensors", *video_network(model, seed));
  io::write_json(folder / "state.json", {{"task", {{"pose_map", io::Json::parse(pose_map)}, {"framing", framing}}}});
  io::seal_checkpoint(folder);
  util::write_text(run / "config.yaml", fmt::format("task: {}\nmodel: {}\n", task, model));
  util::write_text(run / "last", io::checkpoint_name(step) + "\n");
  return folder;
}

}  // namespace stgmamba::test
