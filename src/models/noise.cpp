// SPDX-License-Identifier: MIT
#include "models/noise.hpp"

#include "stgmamba/music/features.hpp"
#include "stgmamba/nn/audio_encoder.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::models {

void read(config::Section section, NoiseConfig& config) {
  section.read("mode", config.mode, {"clip", "frame"});
  section.read("sigma", config.sigma, {.min = 0});
}

void read_music(const config::Section& section, MusicConfig& config, const std::string& audio_scale) {
  section.section("music").read("features", config.features, music::kFeatureSets);
  if (!config.hears_samples() && audio_scale != "unit") {
    throw ConfigError("{}: 'model.audio_scale' scales samples, but the model hears {}; leave it at unit",
                      section.where("audio_scale"), config.features);
  }
}

std::int64_t feature_size(const MusicConfig& config) {
  return config.hears_samples() ? 0 : music::kFeatureSize;
}

double audio_factor(const std::string& audio_scale) {
  return audio_scale == "int16" ? 32768.0 : 1.0;
}

torch::Tensor sample_noise(const NoiseConfig& config, std::uint64_t seed, const std::string& tag,
                           const std::vector<std::int64_t>& samples, std::int64_t frames, std::int64_t draws) {
  const bool per_frame = config.mode == "frame";
  const std::int64_t drawn = per_frame ? frames : 1;
  const auto batch = static_cast<std::int64_t>(samples.size());
  torch::Tensor noise = torch::empty({draws * batch, drawn, nn::kNoiseSize});
  std::vector<float> values(static_cast<std::size_t>(drawn * nn::kNoiseSize));
  for (std::int64_t draw = 0; draw < draws; ++draw) {
    for (std::int64_t b = 0; b < batch; ++b) {
      util::Random random(seed, tag, static_cast<std::uint64_t>(samples[static_cast<std::size_t>(b)]),
                          static_cast<std::uint64_t>(draw));
      random.fill_normal(values, config.sigma);
      std::copy(values.begin(), values.end(), noise[draw * batch + b].data_ptr<float>());
    }
  }
  return per_frame ? noise : noise.expand({draws * batch, frames, nn::kNoiseSize}).contiguous();  // [K B, F, 10]
}

}  // namespace stgmamba::models
