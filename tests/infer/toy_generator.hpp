// SPDX-License-Identifier: MIT
// A generator small enough to reason about: poses depend on the whole window's music and on z.
#pragma once

#include <torch/torch.h>

#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/music/features.hpp"

namespace stgmamba::test {

class ToyGenerator : public models::PoseGenerator {
 public:
  explicit ToyGenerator(std::int64_t heard = 1600) {
    torch::manual_seed(3);
    music_ = register_parameter("music", torch::randn({heard, 256}) * 0.002);
    pose_ = register_parameter("pose", torch::randn({256, 36}) * 0.05);
    noise_ = register_parameter("noise", torch::randn({10, 36}) * 0.5);
  }
  torch::Tensor encode(const torch::Tensor& audio) override {
    ++passes;
    const torch::Tensor loud = torch::matmul(audio.abs(), music_.abs());  // [B, F, h]
    // Half of it is the window's mean, so that neighbouring windows disagree on the frames they share.
    return 0.5 * loud + 0.5 * loud.mean(1, true);
  }
  torch::Tensor decode(const torch::Tensor& tokens, const torch::Tensor& noise) override {
    const torch::Tensor pose = torch::matmul(tokens, pose_) + torch::matmul(noise, noise_);  // [B, F, 2V]
    return torch::tanh(pose).view({pose.size(0), pose.size(1), 18, 2});
  }
  void set_median_pose(const torch::Tensor&) override {}
  int passes = 0;  // over the music

 private:
  torch::Tensor music_, pose_, noise_;
};

inline infer::MotionModel toy_model(const std::string& features = "waveform") {
  infer::MotionModel model;
  model.generator.music.features = features;
  model.generator.network = std::make_shared<ToyGenerator>(features == "waveform" ? 1600 : music::kFeatureSize);
  model.generator.name = "toy";
  return model;
}

}  // namespace stgmamba::test
