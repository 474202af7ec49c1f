// SPDX-License-Identifier: MIT
// A generator that dances to clicks by construction: the whole body drifts, and stops for a moment at every loud piece.
#pragma once

#include <torch/torch.h>

#include "stgmamba/infer/motion_model.hpp"

namespace stgmamba::test {

class ToyDancer : public models::PoseGenerator {
 public:
  explicit ToyDancer(bool hears) : hears_(hears) {}
  torch::Tensor encode(const torch::Tensor& audio) override {
    return audio.abs().mean(2, true).expand({-1, -1, 256}).contiguous();  // [B, F, h]
  }
  torch::Tensor decode(const torch::Tensor& tokens, const torch::Tensor& noise) override {
    torch::Tensor loud = tokens.select(2, 0).unsqueeze(1);  // [B, 1, F]
    loud = hears_ ? loud / (std::get<0>(loud.max(2, true)) + 1e-4) : torch::zeros_like(loud);
    const torch::Tensor bump =
        torch::conv1d(loud, torch::tensor({0.25, 0.6, 1.0, 0.6, 0.25}).view({1, 1, 5}).to(loud), {}, 1, 2)
            .squeeze(1);                                           // [B, F]
    const torch::Tensor step = 0.02 * torch::relu(1.2 - bump);     // from frame f to f + 1
    const torch::Tensor x = -0.5 + torch::cumsum(step, 1) - step;  // [B, F]
    const torch::Tensor joint = 0.02 * torch::arange(18, loud.options()).view({1, 1, 18});
    const torch::Tensor y = joint + 0.1 * noise.select(2, 0).unsqueeze(2) + 0 * x.unsqueeze(2);
    return torch::stack({x.unsqueeze(2).expand_as(y), y}, 3);  // [B, F, V, 2]
  }
  void set_median_pose(const torch::Tensor&) override {}

 private:
  bool hears_;
};

inline infer::MotionModel toy_dancer(bool hears) {
  infer::MotionModel model;
  model.generator.network = std::make_shared<ToyDancer>(hears);
  model.generator.name = "toy";
  return model;
}

}  // namespace stgmamba::test
