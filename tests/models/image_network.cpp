// SPDX-License-Identifier: MIT
// One skeleton-to-video network on inputs from a file, for tests/golden/compare_image_networks.py:
//
//   image_network NETWORK.yaml FOLDER
//
// NETWORK.yaml holds `model:` (a generator, as a run's configuration) or `discriminator:` with its `channels`. Reads
// FOLDER/inputs.safetensors (photo [B, 3, H, W] and pose_maps [B, F, P, H, W], or x [N, C, H, W]) and writes
// outputs.safetensors (frames [B, F, 3, H, W], or scale<i>_stage<j>). Weights: FOLDER/theirs.pth if it is there, read
// as published weights are; else fresh ones, which are written to FOLDER/ours.pth.
#include <cstdio>

#include <torch/torch.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/models/patch_discriminator.hpp"
#include "stgmamba/models/video_generator.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba {
namespace {

namespace fs = std::filesystem;

void fit_weights(torch::nn::Module& network, config::Section root, const fs::path& folder) {
  std::string map;
  root.read("weight_map", map);
  if (fs::exists(folder / "theirs.pth")) {
    weights::load_module(folder / "theirs.pth", network, {weights::NameMap::load(map), {}});
  } else {
    weights::save_module(folder / "ours.pth", network);
  }
}

void run(const fs::path& config, const fs::path& folder) {
  const torch::NoGradGuard no_grad;
  const auto document = config::Document::load(config);
  config::Section root = document.root();
  const auto inputs = io::read_safetensors(folder / "inputs.safetensors").tensors;
  const auto input = [&](const char* name) { return weights::to_tensor(inputs.at(name)); };
  io::Safetensors outputs;
  if (root.has("discriminator")) {
    models::PatchDiscriminatorConfig options;
    config::Section section = root.section("discriminator");
    section.read("channels", options.channels);
    read(section, options);
    torch::manual_seed(1);
    models::PatchDiscriminator network(options);
    fit_weights(network, root, folder);
    const models::ScaleFeatures features = network.forward(input("x"));
    for (std::size_t i = 0; i < features.size(); ++i) {
      for (std::size_t j = 0; j < features[i].size(); ++j) {
        outputs.tensors.emplace(fmt::format("scale{}_stage{}", i, j), weights::to_array(features[i][j]));
      }
    }
  } else {
    const auto network = models::make_video_generator(root.section("model"), 1);
    fit_weights(*network, root, folder);
    outputs.tensors.emplace("frames", weights::to_array(network->render(input("photo"), input("pose_maps"))));
  }
  io::write_safetensors(folder / "outputs.safetensors", outputs);
}

}  // namespace
}  // namespace stgmamba

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("image_network NETWORK.yaml FOLDER\n", stderr);
    return 2;
  }
  try {
    stgmamba::run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
