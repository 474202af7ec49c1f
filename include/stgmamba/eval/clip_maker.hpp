// SPDX-License-Identifier: MIT
// One model asked for clips: any sound of 5 s, z a function of (seed, number).
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/infer/motion_model.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::eval {

inline constexpr std::int64_t kClipSamples = 80000;  // 5 s at 16 kHz

/// `count` dances of 5 s to each of the sounds ([n * 80000] samples), draw-major. `numbers[i]` is what z depends on
/// beside seed and tag. A model that hears features hears those of its 5 s alone. Throws CheckpointError when the
/// output is not finite.
std::vector<skeleton::Motion> make_clips(const infer::MotionModel& model, const std::vector<float>& sounds,
                                         const std::vector<std::int64_t>& numbers, std::uint64_t seed,
                                         const std::string& tag, std::int64_t count = 1);

}  // namespace stgmamba::eval
