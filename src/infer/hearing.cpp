// SPDX-License-Identifier: MIT
#include "stgmamba/infer/hearing.hpp"

#include <torch/torch.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/music/features.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::infer {

at::Tensor hear(const models::MusicConfig& config, const std::vector<float>& sound, std::int64_t past) {
  const std::int64_t frames = (std::ssize(sound) - past) / data::kSamplesPerFrame;
  STG_CHECK(past >= 0 && frames > 0 && past + frames * data::kSamplesPerFrame == std::ssize(sound),
            "[hear] the window must be whole frames, got {} samples of which {} lie before it", std::ssize(sound),
            past);
  if (config.hears_samples()) {
    const std::vector<float> window(sound.begin() + past, sound.end());
    return torch::tensor(window).view({1, frames, data::kSamplesPerFrame});  // [1, F, 1600]
  }
  const music::FeatureTrack track = music::analyse_track({sound, data::kSampleRate});
  const double start = static_cast<double>(past) / data::kSampleRate;
  return torch::tensor(music::cut_features(track, start, 1.0 / data::kFps, frames))
      .view({1, frames, music::kFeatureSize});  // [1, F, n]
}

}  // namespace stgmamba::infer
