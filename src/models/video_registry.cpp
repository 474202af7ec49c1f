// SPDX-License-Identifier: MIT
// Every skeleton-to-video method, one line each.
#include <functional>
#include <utility>

#include <torch/torch.h>

#include "stgmamba/models/pix2pixhd/generators.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"
#include "stgmamba/models/video_generator.hpp"
#include "stgmamba/nn/image_blocks.hpp"

namespace stgmamba::models {
namespace {

using Factory = std::function<std::shared_ptr<VideoGenerator>(config::Section)>;

template <typename Network, typename Config>
std::shared_ptr<VideoGenerator> make(config::Section section) {
  Config config;
  read(section, config);
  return std::make_shared<Network>(config);
}

std::shared_ptr<VideoGenerator> make_pix2pixhd_from(config::Section section) {
  Pix2pixHdConfig config;
  read(std::move(section), config);
  return make_pix2pixhd(config);
}

const std::vector<std::pair<std::string, Factory>>& methods() {
  static const std::vector<std::pair<std::string, Factory>> kMethods = {
      {"gr_composite", make<GrComposite, GrCompositeConfig>},
      {"vid2vid", make<Vid2Vid, Vid2VidConfig>},
      {"pix2pixhd", make_pix2pixhd_from},
  };
  return kMethods;
}

}  // namespace

void VideoGenerator::initialise() {
  nn::init_image_network(*this);
}

std::vector<std::string> video_generator_names() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : methods()) {
    names.push_back(name);
  }
  return names;
}

void use_channels_last(VideoGenerator& network) {
  nn::channels_last(network);
}

std::shared_ptr<VideoGenerator> make_video_generator(config::Section model, std::uint64_t seed) {
  std::string name = "gr_composite";
  model.read("name", name, video_generator_names());
  torch::manual_seed(seed);
  for (const auto& [known, factory] : methods()) {
    if (known == name) {
      std::shared_ptr<VideoGenerator> network = factory(model);
      network->initialise();
      return network;
    }
  }
  return nullptr;
}

}  // namespace stgmamba::models
