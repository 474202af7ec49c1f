// SPDX-License-Identifier: MIT
#include "stgmamba/losses/neighbours.hpp"

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::losses {
namespace {

/// Frames i with a neighbour on one side, as targets, and those neighbours: [B, F, ...] -> [B (F-1), ...].
at::Tensor all_but_first(const at::Tensor& frames) {
  return frames.narrow(1, 1, frames.size(1) - 1).flatten(0, 1);
}
at::Tensor all_but_last(const at::Tensor& frames) {
  return frames.narrow(1, 0, frames.size(1) - 1).flatten(0, 1);
}

}  // namespace

void read(config::Section section, NeighbourConfig& config) {
  section.read("fsr", config.fsr, {.min = 0});
  section.read("bsr", config.bsr, {.min = 0});
  section.read("grad_cond", config.grad_cond);
  section.read("stop_target", config.stop_target, {"none", "base", "reg"});
  section.read("cond_source", config.cond_source, {"generated", "real"});
  section.read("start_epoch", config.start_epoch, {.min = 0});
}

NeighbourPairs neighbour_pairs(const NeighbourConfig& config, const at::Tensor& frames, const at::Tensor& real,
                               const at::Tensor& pose_maps, const at::Tensor& joints) {
  STG_CHECK(frames.dim() == 5 && pose_maps.dim() == 5 && frames.sizes().slice(0, 2) == pose_maps.sizes().slice(0, 2),
            "[neighbour_pairs] frames must be [B, F, 3, H, W] and pose maps [B, F, P, H, W], got {} and {}",
            fmt::join(frames.sizes(), "x"), fmt::join(pose_maps.sizes(), "x"));
  const bool from_real = config.cond_source == "real";
  STG_CHECK(!from_real || (real.defined() && real.sizes() == frames.sizes()),
            "[neighbour_pairs] cond_source real needs real frames of the frames' shape");
  at::Tensor source = from_real ? real : frames;
  if (!config.grad_cond) {
    source = source.detach();
  }
  NeighbourPairs pairs;
  std::vector<at::Tensor> conditions, poses, from, to;
  const std::int64_t each = frames.size(0) * (frames.size(1) - 1);
  if (config.fsr > 0 && each > 0) {
    conditions.push_back(all_but_last(source));  // I_{i-1}
    poses.push_back(all_but_first(pose_maps));   // S_i, i = 2..F
    if (joints.defined()) {
      from.push_back(all_but_last(joints));
      to.push_back(all_but_first(joints));
    }
    pairs.forward = each;
  }
  if (config.bsr > 0 && each > 0) {
    conditions.push_back(all_but_first(source));  // I_{i+1}
    poses.push_back(all_but_last(pose_maps));     // S_i, i = 1..F-1
    if (joints.defined()) {
      from.push_back(all_but_first(joints));
      to.push_back(all_but_last(joints));
    }
    pairs.backward = each;
  }
  if (!conditions.empty()) {
    pairs.condition = torch::cat(conditions);
    pairs.pose = torch::cat(poses);
    if (!from.empty()) {
      pairs.condition_joints = torch::cat(from);
      pairs.pose_joints = torch::cat(to);
    }
  }
  return pairs;
}

NeighbourLoss neighbour_loss(const NeighbourConfig& config, const NeighbourPairs& pairs, const at::Tensor& frames,
                             const at::Tensor& again) {
  NeighbourLoss loss;
  loss.total = loss.fsr = loss.bsr = torch::zeros({}, frames.options().requires_grad(false));
  const std::int64_t count = pairs.forward + pairs.backward;
  if (count == 0) {
    return loss;
  }
  STG_CHECK(again.defined() && again.dim() == 4 && again.size(0) == count,
            "[neighbour_loss] expects the generator's answer to {} pairs", count);
  const at::Tensor base = config.stop_target == "base" ? frames.detach() : frames;
  const at::Tensor made = config.stop_target == "reg" ? again.detach() : again;
  if (pairs.forward > 0) {
    const at::Tensor fsr = (all_but_first(base) - made.narrow(0, 0, pairs.forward)).abs().mean();
    loss.total = loss.total + config.fsr * fsr;
    loss.fsr = fsr.detach();
  }
  if (pairs.backward > 0) {
    const at::Tensor bsr = (all_but_last(base) - made.narrow(0, pairs.forward, pairs.backward)).abs().mean();
    loss.total = loss.total + config.bsr * bsr;
    loss.bsr = bsr.detach();
  }
  return loss;
}

}  // namespace stgmamba::losses
