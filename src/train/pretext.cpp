// SPDX-License-Identifier: MIT
#include "pretext.hpp"

#include <numeric>

#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::train {
namespace {

using JointPairs = std::vector<std::pair<int, int>>;

/// Half of the clip holds one pose.
at::Tensor frozen(const at::Tensor& clip, util::Random& random) {
  const std::int64_t frames = clip.size(0), held = (frames + 1) / 2;
  const std::int64_t first = random.integer(frames - held + 1);
  at::Tensor out = clip.clone();
  out.narrow(0, first, held).copy_(clip.narrow(0, first, 1).expand({held, clip.size(1), clip.size(2)}));
  return out;
}

}  // namespace

at::Tensor jittered(const at::Tensor& clip, util::Random& random) {
  std::vector<float> noise(static_cast<std::size_t>(clip.numel()));
  random.fill_normal(noise, random.uniform(0.01, 0.04));
  return clip + torch::tensor(noise).view(clip.sizes()).to(clip.options());
}

at::Tensor limbs_swapped(const at::Tensor& clip, util::Random& random) {
  using namespace skeleton;  // NOLINT(google-build-using-namespace): joints by name
  static const std::vector<JointPairs> kSwaps = {
      {{kRightElbow, kLeftElbow}, {kRightWrist, kLeftWrist}},
      {{kRightKnee, kLeftKnee}, {kRightAnkle, kLeftAnkle}},
      {{kRightElbow, kRightKnee}, {kRightWrist, kRightAnkle}, {kLeftElbow, kLeftKnee}, {kLeftWrist, kLeftAnkle}}};
  std::vector<std::int64_t> order(static_cast<std::size_t>(kJoints));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (const auto& [a, b] : kSwaps[static_cast<std::size_t>(random.integer(std::ssize(kSwaps)))]) {
    std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]);
  }
  return clip.index_select(1, torch::tensor(order).to(clip.device()));
}

at::Tensor pretext_clip(Pretext kind, const at::Tensor& window, std::int64_t frames, util::Random& random) {
  STG_CHECK(window.dim() == 3 && window.size(0) >= 2 * frames, "[pretext_clip] window must be [W >= {}, V, 2], got {}",
            2 * frames, window.size(0));
  const std::int64_t taken = kind == Pretext::kDoubleSpeed ? 2 * frames : frames;
  at::Tensor cut = window.narrow(0, random.integer(window.size(0) - taken + 1), taken);
  switch (kind) {
    case Pretext::kNone:
      return cut;
    case Pretext::kJitter:
      return jittered(cut, random);
    case Pretext::kFrozen:
      return frozen(cut, random);
    case Pretext::kReversed:
      return cut.flip(0);
    case Pretext::kDoubleSpeed:
      return cut.slice(0, 0, taken, 2);
    case Pretext::kLimbsSwapped:
      return limbs_swapped(cut, random);
  }
  return cut;
}

}  // namespace stgmamba::train
