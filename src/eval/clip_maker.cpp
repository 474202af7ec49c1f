// SPDX-License-Identifier: MIT
#include "stgmamba/eval/clip_maker.hpp"

#include <torch/torch.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/infer/hearing.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::eval {

using infer::kWindowFrames;
using skeleton::Motion;

namespace {

/// What the model hears of each sound: its samples, or the features of these 5 s alone.
at::Tensor heard(const models::MusicConfig& config, const std::vector<float>& sounds, std::int64_t size) {
  if (config.hears_samples()) {
    return torch::from_blob(const_cast<float*>(sounds.data()), {size, kWindowFrames, data::kSamplesPerFrame},
                            torch::kFloat32);  // [B, F, r]
  }
  std::vector<at::Tensor> features;
  for (auto first = sounds.begin(); first != sounds.end(); first += kClipSamples) {
    features.push_back(infer::hear(config, std::vector<float>(first, first + kClipSamples), 0));  // [1, F, n]
  }
  return torch::cat(features);  // [B, F, n]
}

}  // namespace

std::vector<Motion> make_clips(const infer::MotionModel& model, const std::vector<float>& sounds,
                               const std::vector<std::int64_t>& numbers, std::uint64_t seed, const std::string& tag,
                               std::int64_t count) {
  const auto size = static_cast<std::int64_t>(numbers.size());
  STG_CHECK(std::ssize(sounds) == size * kClipSamples, "[make_clips] {} clips must have {} samples, got {}", size,
            size * kClipSamples, sounds.size());
  const c10::InferenceMode no_gradients;
  const at::Tensor audio = heard(model.generator.music, sounds, size);  // [B, F, r or n]
  const at::Tensor noise =
      models::sample_noise(model.generator.noise, seed, tag, numbers, kWindowFrames, count);  // [n * B, F, 10]
  models::PoseGenerator& network = *model.generator.network;
  const at::Tensor tokens = network.encode(audio.to(model.device)).repeat({count, 1, 1});  // [n * B, F, h]
  const at::Tensor pose =
      network.decode(tokens, noise.to(model.device)).to(torch::kCPU, torch::kFloat32).contiguous();  // [n * B, F, V, 2]
  if (!at::isfinite(pose).all().item<bool>()) {
    throw CheckpointError("{}: the model's output is not finite; its training diverged, use an earlier checkpoint",
                          model.checkpoint.string());
  }
  constexpr std::int64_t kLength = kWindowFrames * skeleton::kJoints * 2;
  std::vector<Motion> motions;
  for (std::int64_t n = 0; n < pose.size(0); ++n) {
    const float* first = pose.const_data_ptr<float>() + n * kLength;
    Motion motion(kWindowFrames, data::kFps);
    motion.xy = skeleton::denormalise(std::vector<float>(first, first + kLength));
    std::fill(motion.score.begin(), motion.score.end(), 1.0F);
    motions.push_back(std::move(motion));
  }
  return motions;
}

}  // namespace stgmamba::eval
