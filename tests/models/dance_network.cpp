// SPDX-License-Identifier: MIT
// One music-to-skeleton network on inputs from a file, for tests/golden/compare_dance_networks.py:
//
//   dance_network NETWORK.yaml FOLDER
//
// NETWORK.yaml says `network: generator` (MDVS's), `perceptual`, `frame` or `sequence` (the discriminators) and, where
// there is one, its `weight_map`. Reads FOLDER/inputs.safetensors (audio [B, F, 1600], noise [B, F, 10], pose
// [B, F, V, 2]) and writes outputs.safetensors. Weights: FOLDER/theirs.pth if it is there, read as published weights
// are; else fresh ones, which are written to FOLDER/ours.pth.
#include <cstdio>

#include <torch/torch.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/models/mdvs/discriminators.hpp"
#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/models/stgcn/st_gcn.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba {
namespace {

namespace fs = std::filesystem;
using torch::Tensor;

class Work {
 public:
  Work(const fs::path& config, fs::path folder)
      : document_(config::Document::load(config)),
        folder_(std::move(folder)),
        inputs_(io::read_safetensors(folder_ / "inputs.safetensors")) {}

  void run() {
    const torch::NoGradGuard no_grad;
    std::string network;
    config::Section root = document_.root();
    root.read("network", network, {"generator", "perceptual", "frame", "sequence"});
    torch::manual_seed(1);
    network == "generator"    ? generator()
    : network == "perceptual" ? perceptual()
    : network == "frame"      ? frame_discriminator()
                              : sequence_discriminator();
    io::write_safetensors(folder_ / "outputs.safetensors", outputs_);
  }

 private:
  Tensor input(const char* name) const { return weights::to_tensor(inputs_.tensors.at(name)); }
  void put(const std::string& name, const Tensor& value) { outputs_.tensors.emplace(name, weights::to_array(value)); }
  void put_all(const std::string& name, const std::vector<Tensor>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      put(name + std::to_string(i), values[i]);
    }
  }

  void fit_weights(torch::nn::Module& network) {
    network.eval();
    if (!fs::exists(folder_ / "theirs.pth")) {
      weights::save_module(folder_ / "ours.pth", network);
      return;
    }
    std::string map;
    document_.root().read("weight_map", map);
    weights::LoadOptions options;
    options.map = map.empty() ? weights::NameMap() : weights::NameMap::load(map);
    weights::load_module(folder_ / "theirs.pth", network, options);
  }

  void generator() {
    const models::GeneratorHandle made = models::make_generator(document_.root().section("model"), 1);
    fit_weights(*made.network);
    put("pose", made.network->forward(input("audio"), input("noise")));
  }

  void perceptual() {
    models::StGcn network{models::StGcnConfig{}};
    fit_weights(*network);
    put("classes", network->forward(input("pose")));
    put_all("block", network->features(input("pose")));
  }

  void frame_discriminator() {
    models::FrameDiscriminator network{models::DiscriminatorConfig{}};
    fit_weights(*network);
    put("real", torch::sigmoid(network->forward(input("pose"))));
  }

  void sequence_discriminator() {
    const Tensor pose = input("pose");
    models::SequenceDiscriminator network(models::DiscriminatorConfig{}, pose.size(1));
    fit_weights(*network);
    put("real", torch::sigmoid(network->forward(pose, input("audio"))));
    put_all("map", network->features(pose));
  }

  config::Document document_;
  fs::path folder_;
  io::Safetensors inputs_, outputs_;
};

}  // namespace
}  // namespace stgmamba

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("dance_network NETWORK.yaml FOLDER\n", stderr);
    return 2;
  }
  try {
    stgmamba::Work(argv[1], argv[2]).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
