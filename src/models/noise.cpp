// SPDX-License-Identifier: MIT
#include "models/noise.hpp"

#include "stgmamba/nn/audio_encoder.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::models {

void read(config::Section section, NoiseConfig& config) {
  section.read("mode", config.mode, {"clip", "frame"});
  section.read("sigma", config.sigma, {.min = 0});
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
