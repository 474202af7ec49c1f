// SPDX-License-Identifier: MIT
#include "stgmamba/infer/strategy.hpp"

#include <cmath>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::infer {
namespace {

using models::VideoGenerator;

void check_clip(const at::Tensor& photo, const at::Tensor& pose_maps) {
  STG_CHECK(photo.dim() == 3 && pose_maps.dim() == 4 && pose_maps.size(0) > 0 &&
                photo.sizes().slice(1) == pose_maps.sizes().slice(2),
            "[render_frames] photo must be [3, H, W] and pose maps [F, P, H, W], got {} and {}",
            fmt::join(photo.sizes(), "x"), fmt::join(pose_maps.sizes(), "x"));
}

/// G(condition, pose), one of each a frame, in batches: conditions [N, 3, H, W], poses [N, P, H, W] -> [N, 3, H, W].
at::Tensor ask(VideoGenerator& network, const at::Tensor& conditions, const at::Tensor& poses, std::int64_t batch) {
  std::vector<at::Tensor> made;
  for (std::int64_t first = 0; first < poses.size(0); first += batch) {
    const std::int64_t count = std::min(batch, poses.size(0) - first);
    made.push_back(network.render(conditions.narrow(0, first, count), poses.narrow(0, first, count).unsqueeze(1)));
  }
  return torch::cat(made).squeeze(1);
}

/// All frames from the photo; in order, where the network remembers.
at::Tensor baseline(VideoGenerator& network, const at::Tensor& photo, const at::Tensor& poses, std::int64_t batch) {
  if (network.recurrent()) {
    return network.render(photo.unsqueeze(0), poses.unsqueeze(0)).squeeze(0);
  }
  return ask(network, photo.unsqueeze(0).expand({poses.size(0), -1, -1, -1}), poses, batch);
}

/// Every frame but the first from the frame before it: frames [F, 3, H, W] -> [F, 3, H, W].
at::Tensor pass_on(VideoGenerator& network, const at::Tensor& frames, const at::Tensor& poses,
                   const StrategyConfig& config) {
  const std::int64_t steps = frames.size(0) - 1;
  std::vector<at::Tensor> made = {frames.narrow(0, 0, 1)};
  if (!config.chained && steps > 0) {
    made.push_back(ask(network, frames.narrow(0, 0, steps), poses.narrow(0, 1, steps), config.batch));
  }
  for (std::int64_t i = 1; config.chained && i <= steps; ++i) {
    made.push_back(ask(network, made.back(), poses.narrow(0, i, 1), 1));
  }
  return torch::cat(made);
}

/// Backward is forward through the reversed clip.
at::Tensor pass_back(VideoGenerator& network, const at::Tensor& frames, const at::Tensor& poses,
                     const StrategyConfig& config) {
  return pass_on(network, frames.flip(0), poses.flip(0), config).flip(0);
}

void need_one_shot(const VideoGenerator& network, const char* what) {
  if (network.recurrent()) {
    throw UsageError(
        "infer.strategy: {} needs a generator that makes a frame from one image, as gr_composite does; "
        "a recurrent one goes forward by itself",
        what);
  }
}

/// Mean |a - b| of every frame: [F, 3, H, W] -> F numbers.
std::vector<double> by_frame(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor mean = (a - b).abs().flatten(1).to(torch::kDouble).mean(1).cpu();  // [F]
  return {mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel()};
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) {
    sum += value;
  }
  return values.empty() ? std::nan("") : sum / static_cast<double>(values.size());
}

}  // namespace

void read(config::Section section, StrategyConfig& config) {
  section.read("strategy", config.strategy, {"baseline", "forward", "backward"});
  section.read("chained", config.chained);
  section.read("batch", config.batch, {.min = 1, .max = 4096});
}

at::Tensor render_frames(VideoGenerator& network, const at::Tensor& photo, const at::Tensor& pose_maps,
                         const StrategyConfig& config) {
  check_clip(photo, pose_maps);
  const torch::NoGradGuard no_grad;
  if (config.strategy == "baseline") {
    return baseline(network, photo, pose_maps, config.batch);
  }
  need_one_shot(network, config.strategy.c_str());
  const at::Tensor frames = baseline(network, photo, pose_maps, config.batch);
  return config.strategy == "forward" ? pass_on(network, frames, pose_maps, config)
                                      : pass_back(network, frames, pose_maps, config);
}

Consistency measure_consistency(VideoGenerator& network, const at::Tensor& photo, const at::Tensor& pose_maps,
                                const StrategyConfig& config) {
  check_clip(photo, pose_maps);
  need_one_shot(network, "consistency");
  const torch::NoGradGuard no_grad;
  const std::int64_t steps = pose_maps.size(0) - 1;
  const at::Tensor base = baseline(network, photo, pose_maps, config.batch);
  const at::Tensor hat = pass_on(network, base, pose_maps, config);
  const at::Tensor tilde = pass_back(network, base, pose_maps, config);
  Consistency result;
  result.forward_steps = by_frame(base.narrow(0, 1, steps), hat.narrow(0, 1, steps));
  result.backward_steps = by_frame(base.narrow(0, 0, steps).flip(0), tilde.narrow(0, 0, steps).flip(0));
  result.forward = mean_of(result.forward_steps);
  result.backward = mean_of(result.backward_steps);
  const std::int64_t inner = std::max<std::int64_t>(0, steps - 1);
  const std::int64_t first = inner > 0 ? 1 : 0;
  result.both = mean_of(by_frame(hat.narrow(0, first, inner), tilde.narrow(0, first, inner)));
  return result;
}

}  // namespace stgmamba::infer
