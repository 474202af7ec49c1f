// SPDX-License-Identifier: MIT
// Small TorchScript networks in the place of published ones.
#pragma once

#include <filesystem>
#include <string>

#include <torch/script.h>

namespace stgmamba::test {

/// Saves a network whose method is `forward`, and whose part `layers`, if any, has the method `layers`.
inline void save_script(const std::filesystem::path& path, const std::string& forward, const std::string& layers = "") {
  torch::jit::Module module("Net");
  if (!layers.empty()) {
    torch::jit::Module inner("Layers");
    inner.define(layers);
    module.register_module("layers", inner);
  }
  module.define(forward);
  module.save(path.string());
}

}  // namespace stgmamba::test
