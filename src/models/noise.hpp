// SPDX-License-Identifier: MIT
// What the methods share: the noise section and the scale of the sound.
#pragma once

#include "stgmamba/models/pose_generator.hpp"

namespace stgmamba::models {

void read(config::Section section, NoiseConfig& config);
/// 1 for `unit`, 32768 for `int16`.
double audio_factor(const std::string& audio_scale);

}  // namespace stgmamba::models
