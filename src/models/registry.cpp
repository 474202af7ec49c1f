// SPDX-License-Identifier: MIT
// Every music-to-skeleton method, one line each. No self-registration: static linking would drop it.
#include <functional>

#include "stgmamba/models/mdvs/generator.hpp"
#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/models/stg_mamba/generator.hpp"

namespace stgmamba::models {
namespace {

template <typename Network, typename Config>
GeneratorHandle make(config::Section section) {
  Config config;
  read(section, config);
  return {std::make_shared<Network>(config), config.noise, config.music, ""};
}

const std::vector<std::pair<std::string, std::function<GeneratorHandle(config::Section)>>>& methods() {
  static const std::vector<std::pair<std::string, std::function<GeneratorHandle(config::Section)>>> kMethods = {
      {"stg_mamba", make<StgMambaGenerator, StgMambaConfig>},
      {"mdvs", make<MdvsGenerator, MdvsConfig>},
  };
  return kMethods;
}

}  // namespace

std::vector<std::string> generator_names() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : methods()) {
    names.push_back(name);
  }
  return names;
}

GeneratorHandle make_generator(config::Section model, std::uint64_t seed) {
  std::string name = "stg_mamba";
  model.read("name", name, generator_names());
  torch::manual_seed(seed);  // default initialisation draws from torch's generator
  for (const auto& [known, factory] : methods()) {
    if (known == name) {
      GeneratorHandle handle = factory(model);
      handle.name = name;
      return handle;
    }
  }
  return {};
}

}  // namespace stgmamba::models
