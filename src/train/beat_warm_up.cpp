// SPDX-License-Identifier: MIT
#include "beat_warm_up.hpp"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::train {
namespace {

constexpr double kNear = 0.05;  // s: half a frame, so that a beat between two frames marks both
constexpr std::int64_t kUsualSteps = 200;

torch::Tensor answer(const torch::Tensor& tokens) {
  return tokens.select(2, 0);  // [B, F]
}

}  // namespace

void read(config::Section section, AudioConfig& config) {
  section.read("init", config.init, {"random", "beat_pretrained"});
  const bool beats = config.init == "beat_pretrained";
  if (beats) {
    config.init_steps = kUsualSteps;
  }
  section.read("init_steps", config.init_steps, {.min = beats ? 1.0 : 0.0});
  if (!beats && config.init_steps > 0) {
    throw ConfigError(
        "{}: 'audio.init_steps' must be 0 where audio.init is random, got '{}'; set "
        "audio.init=beat_pretrained",
        section.where("init_steps"), config.init_steps);
  }
}

at::Tensor beat_targets(const data::Batch& batch) {
  torch::Tensor targets = torch::zeros({batch.size, batch.frames});
  auto near = targets.accessor<float, 2>();
  for (std::int64_t b = 0; b < batch.size; ++b) {
    for (std::int64_t f = 0; f < batch.frames; ++f) {
      for (const double beat : batch.beats[static_cast<std::size_t>(b)]) {
        const double away = (static_cast<double>(f) / data::kFps - beat) / kNear;
        near[b][f] = std::max(near[b][f], static_cast<float>(std::exp(-0.5 * away * away)));
      }
    }
  }
  return targets;
}

at::Tensor beat_loss(const at::Tensor& tokens, const at::Tensor& targets) {
  return torch::binary_cross_entropy_with_logits(answer(tokens), targets);
}

double beat_correlation(const at::Tensor& tokens, const at::Tensor& targets) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor said = torch::sigmoid(answer(tokens)).to(torch::kFloat64), truth = targets.to(torch::kFloat64);
  const torch::Tensor a = said - said.mean(), b = truth - truth.mean();
  const double norm = std::sqrt((a * a).sum().item<double>() * (b * b).sum().item<double>());
  return norm > 0 ? (a * b).sum().item<double>() / norm : 0.0;
}

}  // namespace stgmamba::train
