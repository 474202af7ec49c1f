// SPDX-License-Identifier: MIT
// What the methods share: the noise and music sections, the scale of the sound.
#pragma once

#include "stgmamba/models/pose_generator.hpp"

namespace stgmamba::models {

void read(config::Section section, NoiseConfig& config);
/// Reads `section.music`, and refuses `audio_scale` (read before) where no samples are heard.
void read_music(const config::Section& section, MusicConfig& config, const std::string& audio_scale);
/// Values a frame in place of samples; 0 for samples.
std::int64_t feature_size(const MusicConfig& config);
/// 1 for `unit`, 32768 for `int16`.
double audio_factor(const std::string& audio_scale);

}  // namespace stgmamba::models
