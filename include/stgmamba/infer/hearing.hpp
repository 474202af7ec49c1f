// SPDX-License-Identifier: MIT
// What a model hears of one window of a song.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/models/pose_generator.hpp"

namespace stgmamba::infer {

/// Frames of music before a window in which its beats are looked for, 25 s. What comes later is never heard, so that a
/// stream and a whole file give the same.
inline constexpr std::int64_t kMemoryFrames = 250;

/// Of `sound` (16 kHz), whose first `past` samples came before the window: the window's samples [1, F, 1600], or its
/// features [1, F, n].
at::Tensor hear(const models::MusicConfig& config, const std::vector<float>& sound, std::int64_t past);

}  // namespace stgmamba::infer
