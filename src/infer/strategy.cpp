// SPDX-License-Identifier: MIT
#include "stgmamba/infer/strategy.hpp"

#include <cmath>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::infer {
namespace {

using models::Photo;
using models::Poses;
using models::VideoGenerator;

void check_clip(const Photo& photo, const Poses& poses) {
  STG_CHECK(photo.image.dim() == 3 && poses.maps.dim() == 4 && poses.maps.size(0) > 0 &&
                photo.image.sizes().slice(1) == poses.maps.sizes().slice(2),
            "[render_frames] photo must be [3, H, W] and pose maps [F, P, H, W], got {} and {}",
            fmt::join(photo.image.sizes(), "x"), fmt::join(poses.maps.sizes(), "x"));
}

/// The same change of a picture or maps and of their joints, where there are any.
template <typename Change>
Photo changed(const Photo& photo, const Change& change) {
  return {change(photo.image), photo.joints.defined() ? change(photo.joints) : photo.joints};
}
template <typename Change>
Poses changed(const Poses& poses, const Change& change) {
  return {change(poses.maps), poses.joints.defined() ? change(poses.joints) : poses.joints};
}
Poses some(const Poses& poses, std::int64_t first, std::int64_t count) {
  return changed(poses, [=](const at::Tensor& x) { return x.narrow(0, first, count); });
}

/// G(condition, pose), one of each a frame, in batches: conditions [N, 3, H, W], poses of N frames -> [N, 3, H, W].
at::Tensor ask(VideoGenerator& network, const Photo& conditions, const Poses& poses, std::int64_t batch) {
  std::vector<at::Tensor> made;
  for (std::int64_t first = 0; first < poses.maps.size(0); first += batch) {
    const std::int64_t count = std::min(batch, poses.maps.size(0) - first);
    const auto part = [=](const at::Tensor& x) { return x.narrow(0, first, count); };
    const auto single = [=](const at::Tensor& x) { return part(x).unsqueeze(1); };
    made.push_back(network.render(changed(conditions, part), changed(poses, single)));
  }
  return torch::cat(made).squeeze(1);
}

/// All frames from the photo; in order, where the network remembers.
at::Tensor baseline(VideoGenerator& network, const Photo& photo, const Poses& poses, std::int64_t batch) {
  if (network.recurrent()) {
    const auto alone = [](const at::Tensor& x) { return x.unsqueeze(0); };
    return network.render(changed(photo, alone), changed(poses, alone)).squeeze(0);
  }
  const auto repeated = [&](const at::Tensor& x) {
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape.insert(shape.begin(), poses.maps.size(0));
    return x.unsqueeze(0).expand(shape);
  };
  return ask(network, changed(photo, repeated), poses, batch);
}

/// Every frame but the first from the frame before it: frames [F, 3, H, W] -> [F, 3, H, W].
at::Tensor pass_on(VideoGenerator& network, const at::Tensor& frames, const Poses& poses,
                   const StrategyConfig& config) {
  const std::int64_t steps = frames.size(0) - 1;
  std::vector<at::Tensor> made = {frames.narrow(0, 0, 1)};
  if (!config.chained && steps > 0) {
    const Photo before = {frames.narrow(0, 0, steps), some(poses, 0, steps).joints};
    made.push_back(ask(network, before, some(poses, 1, steps), config.batch));
  }
  for (std::int64_t i = 1; config.chained && i <= steps; ++i) {
    made.push_back(ask(network, {made.back(), some(poses, i - 1, 1).joints}, some(poses, i, 1), 1));
  }
  return torch::cat(made);
}

/// Backward is forward through the reversed clip.
at::Tensor pass_back(VideoGenerator& network, const at::Tensor& frames, const Poses& poses,
                     const StrategyConfig& config) {
  const Poses reversed = changed(poses, [](const at::Tensor& x) { return x.flip(0); });
  return pass_on(network, frames.flip(0), reversed, config).flip(0);
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

at::Tensor render_frames(VideoGenerator& network, const Photo& photo, const Poses& poses,
                         const StrategyConfig& config) {
  check_clip(photo, poses);
  const torch::NoGradGuard no_grad;
  if (config.strategy == "baseline") {
    return baseline(network, photo, poses, config.batch);
  }
  need_one_shot(network, config.strategy.c_str());
  const at::Tensor frames = baseline(network, photo, poses, config.batch);
  return config.strategy == "forward" ? pass_on(network, frames, poses, config)
                                      : pass_back(network, frames, poses, config);
}

Consistency measure_consistency(VideoGenerator& network, const Photo& photo, const Poses& poses,
                                const StrategyConfig& config) {
  check_clip(photo, poses);
  need_one_shot(network, "consistency");
  const torch::NoGradGuard no_grad;
  const std::int64_t steps = poses.maps.size(0) - 1;
  const at::Tensor base = baseline(network, photo, poses, config.batch);
  const at::Tensor hat = pass_on(network, base, poses, config);
  const at::Tensor tilde = pass_back(network, base, poses, config);
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
