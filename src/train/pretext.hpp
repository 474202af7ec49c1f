// SPDX-License-Identifier: MIT
// What a pose perceptual loss must punish: real movement, damaged in one of five ways. A network that tells them apart
// has seen timing, direction, speed and anatomy, whatever styles a corpus has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/util/random.hpp"

namespace stgmamba::train {

enum class Pretext { kNone, kJitter, kFrozen, kReversed, kDoubleSpeed, kLimbsSwapped };

/// Names in the order of the labels.
inline const std::vector<std::string> kPretexts = {"none",     "jitter",       "frozen",
                                                   "reversed", "double_speed", "limbs_swapped"};

/// One damaged clip [L, V, 2] cut from `window` [W >= 2 L, V, 2] (twice as long, or doubled speed would have to invent
/// frames), MDVS-normalised; the cut and the damage are drawn from `random`.
at::Tensor pretext_clip(Pretext kind, const at::Tensor& window, std::int64_t frames, util::Random& random);

/// The damages that keep a clip's length, on a clip [L, V, 2]:
at::Tensor jittered(const at::Tensor& clip, util::Random& random);       // joints tremble by 1 to 4 % of half a frame
at::Tensor limbs_swapped(const at::Tensor& clip, util::Random& random);  // arms, legs, or arms with legs

}  // namespace stgmamba::train
