// SPDX-License-Identifier: MIT
// The smallest program on top of the installed library: make a generator, let it dance to silence.
#include <cstdio>

#include "stgmamba/models/pose_generator.hpp"

int main() {
  const auto document = stgmamba::config::Document::parse("model: {name: stg_mamba, d: 16, blocks: 1}", "consumer");
  const auto model = stgmamba::models::make_generator(document.root().section("model"), 1);
  const auto noise = stgmamba::models::sample_noise(model.noise, 1, "consumer", {0}, 10);
  const auto pose = model.network->forward(torch::zeros({1, 10, 1600}), noise);  // [1, 10, 18, 2]
  std::printf("%ld joints\n", static_cast<long>(pose.size(2)));
  return pose.size(2) == 18 ? 0 : 1;
}
