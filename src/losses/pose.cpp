// SPDX-License-Identifier: MIT
#include "stgmamba/losses/pose.hpp"

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::losses {

namespace {

constexpr double kDistanceFloor = 1e-12;  // of a squared distance in coordinates of [-1, 1]

void check_shapes(const char* name, const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score) {
  STG_CHECK(prediction.dim() == 4 && prediction.size(3) == 2, "[{}] prediction must be [N, F, V, 2], got {} dimensions",
            name, prediction.dim());
  STG_CHECK(target.sizes() == prediction.sizes(), "[{}] target must have the prediction's shape", name);
  STG_CHECK(score.dim() == 3 && score.sizes() == prediction.sizes().slice(0, 3), "[{}] score must be [N, F, V]", name);
}

/// `error` [N, F, V, 2], `mask` [N, F, V] of 0 and 1 -> [N].
at::Tensor masked_mean(const at::Tensor& error, const at::Tensor& mask) {
  const at::Tensor sum = (error.sum(3) * mask).sum({1, 2});
  return sum / (2.0 * mask.sum({1, 2})).clamp_min(1.0);
}

/// Steps from frame to frame whose both ends were seen: [N, F, V] -> [N, F-1, V].
at::Tensor seen_twice(const char* name, const at::Tensor& score) {
  const std::int64_t frames = score.size(1);
  STG_CHECK(frames >= 2, "[{}] needs at least 2 frames, got {}", name, frames);
  const at::Tensor seen = score.gt(0);
  return seen.narrow(1, 1, frames - 1).logical_and(seen.narrow(1, 0, frames - 1));
}

}  // namespace

at::Tensor l1_per_sample(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score) {
  check_shapes("l1_per_sample", prediction, target, score);
  return masked_mean((prediction - target).abs(), score.gt(0).to(prediction.dtype()));
}

at::Tensor velocity_per_sample(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score) {
  check_shapes("velocity_per_sample", prediction, target, score);
  const at::Tensor error = prediction.diff(1, 1) - target.diff(1, 1);  // [N, F-1, V, 2]
  return masked_mean(error.abs(), seen_twice("velocity_per_sample", score).to(prediction.dtype()));
}

at::Tensor energy_per_sample(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score) {
  check_shapes("energy_per_sample", prediction, target, score);
  const at::Tensor mask = seen_twice("energy_per_sample", score).to(prediction.dtype());  // [N, F-1, V]
  const at::Tensor count = mask.sum(1);                                                   // [N, V]
  const auto speed = [&](const at::Tensor& pose) {
    return (pose.diff(1, 1).abs().sum(3) * mask).sum(1) / count.clamp_min(1.0);  // [N, V]
  };
  const at::Tensor known = count.gt(0).to(prediction.dtype());
  return ((speed(prediction) - speed(target)).abs() * known).sum(1) / known.sum(1).clamp_min(1.0);
}

at::Tensor best_of_k(const at::Tensor& values, double mean_weight) {
  STG_CHECK(values.dim() == 2 && values.size(0) >= 1, "[best_of_k] values must be [K, B], got {} dimensions",
            values.dim());
  if (values.size(0) == 1) {
    return values.mean();
  }
  return std::get<0>(values.min(0)).mean() + mean_weight * values.mean();
}

EnergyScore energy_score(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& score) {
  const std::int64_t batch = target.size(0);
  STG_CHECK(batch > 0 && prediction.size(0) % batch == 0 && prediction.size(0) >= 2 * batch,
            "[energy_score] {} predictions must be two draws or more of {} samples", prediction.size(0), batch);
  check_shapes("energy_score", prediction.narrow(0, 0, batch), target, score);
  const std::int64_t count = prediction.size(0) / batch;                    // K
  const at::Tensor mask = score.gt(0).to(prediction.dtype()).unsqueeze(3);  // [B, F, V, 1]
  const at::Tensor seen = (2.0 * mask.sum({1, 2, 3})).clamp_min(1.0);       // [B]
  const std::vector<at::Tensor> draws = prediction.split(batch);            // K of [B, F, V, 2]
  const auto distance = [&](const at::Tensor& a, const at::Tensor& b) {
    // The floor keeps the slope finite where two draws are one.
    return (((a - b).square() * mask).sum({1, 2, 3}) / seen + kDistanceFloor).sqrt();  // [B]
  };
  at::Tensor nearness = distance(draws.front(), target);
  at::Tensor spread = torch::zeros_like(nearness);
  for (std::size_t k = 1; k < draws.size(); ++k) {
    nearness = nearness + distance(draws[k], target);
    for (std::size_t l = 0; l < k; ++l) {
      spread = spread + distance(draws[k], draws[l]);
    }
  }
  nearness = nearness / static_cast<double>(count);
  spread = spread * (2.0 / static_cast<double>(count * (count - 1)));
  return {(nearness - 0.5 * spread).mean(), nearness.detach().mean(), spread.detach().mean()};
}

void read(config::Section section, PoseLossConfig& config) {
  section.read("l1", config.l1, {.min = 0});
  section.read("velocity", config.velocity, {.min = 0});
  section.read("energy", config.energy, {.min = 0});
  section.read("energy_score", config.energy_score, {.min = 0});
  config::Section best = section.section("best_of_k");
  best.read("k", config.best_of_k.k, {.min = 1, .max = 64});
  best.read("mean_weight", config.best_of_k.mean_weight, {.min = 0});
  if (config.l1 == 0 && config.velocity == 0 && config.energy_score == 0) {
    throw ConfigError(
        "{}: every loss weight is 0, so nothing would be learnt; set loss.l1, loss.velocity or loss.energy_score",
        section.where("l1"));
  }
  if (config.energy_score > 0 && config.best_of_k.k < 2) {
    throw ConfigError("{}: energy_score compares draws of a sample; set loss.best_of_k.k to 2 or more",
                      section.where("energy_score"));
  }
}

PoseLoss pose_loss(const PoseLossConfig& config, const at::Tensor& prediction, const at::Tensor& target,
                   const at::Tensor& score) {
  const std::int64_t batch = target.size(0);
  STG_CHECK(batch > 0 && prediction.size(0) % batch == 0, "[pose_loss] {} predictions are no multiple of {} samples",
            prediction.size(0), batch);
  const std::int64_t draws = prediction.size(0) / batch;
  const at::Tensor targets = target.repeat({draws, 1, 1, 1});  // [K * B, F, V, 2]
  const at::Tensor scores = score.repeat({draws, 1, 1});       // [K * B, F, V]

  const at::Tensor l1 = l1_per_sample(prediction, targets, scores).view({draws, batch});
  PoseLoss loss;
  loss.total = config.l1 * best_of_k(l1, config.best_of_k.mean_weight);
  loss.terms.emplace_back("l1", loss.total);
  loss.l1 = l1.detach().mean();
  loss.best = std::get<0>(l1.detach().min(0)).mean();
  loss.winner = l1.detach().argmin(0);  // [B]
  const auto add = [&loss](const char* name, const at::Tensor& term) {
    loss.terms.emplace_back(name, term);
    loss.total = loss.total + term;
  };
  if (config.energy > 0) {
    loss.energy = energy_per_sample(prediction, targets, scores).mean();
    add("energy", config.energy * loss.energy);
    loss.energy = loss.energy.detach();
  }
  if (config.energy_score > 0) {
    loss.draws = energy_score(prediction, target, score);
    add("energy_score", config.energy_score * loss.draws.total);
    loss.draws.total = loss.draws.total.detach();
  }
  if (config.velocity > 0) {
    const at::Tensor velocity = velocity_per_sample(prediction, targets, scores).view({draws, batch});
    // The draw that the position picks also answers for its velocity, or two draws would share one dance.
    add("velocity", config.velocity * velocity.gather(0, loss.winner.unsqueeze(0)).mean());
    loss.velocity = velocity.detach().mean();
  }
  return loss;
}

at::Tensor winning_draws(const at::Tensor& values, const at::Tensor& winner) {
  const std::int64_t batch = winner.size(0);
  if (values.size(0) == batch) {
    return values;
  }
  return values.index_select(0, winner * batch + torch::arange(batch, winner.options()));
}

}  // namespace stgmamba::losses
