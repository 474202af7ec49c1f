// SPDX-License-Identifier: MIT
// The three ways in which a one-shot generator G can make a video [paper, Equations 2 to 4], and how far they agree.
// All start from the frames that the photo I_0 alone gives, I_i = G(I_0, S_i):
//
//   baseline   I_i                                        what a video is made with [paper]
//   forward    Î_i = G(I_{i-1}, S_i), Î_1 = I_1           every frame again, from the frame before it
//   backward   Ĩ_i = G(I_{i+1}, S_i), Ĩ_F = I_F           ... from the frame after it
//
// Chained, a frame follows from its re-made neighbour, Î_i = G(Î_{i-1}, S_i), as a recurrent generator would go on:
// what G loses of the person adds up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/models/video_generator.hpp"

namespace stgmamba::infer {

/// Config section `infer`.
struct StrategyConfig {
  std::string strategy = "baseline";  // baseline | forward | backward
  bool chained = false;               // neighbours are re-made ones, one after another
  std::int64_t batch = 8;             // frames in one call of the generator; no frame depends on it
};
void read(config::Section section, StrategyConfig& config);

/// Frames [F, 3, H, W] in [-1, 1] of the person in `photo` (one: image [3, H, W], joints [18, 3]) for `poses` (of one
/// clip: maps [F, P, H, W], joints [F, 18, 3]), F > 0, on the network's device, without gradients. Throws UsageError
/// for forward or backward with a recurrent generator.
at::Tensor render_frames(models::VideoGenerator& network, const models::Photo& photo, const models::Poses& poses,
                         const StrategyConfig& config = {});

/// Mean absolute differences between frames in [-1, 1]; NaN where the clip is too short for a pair.
struct Consistency {
  double forward = 0.0;                               // |I - Î| over i = 2..F
  double backward = 0.0;                              // |I - Ĩ| over i = 1..F-1
  double both = 0.0;                                  // |Î - Ĩ| over i = 2..F-1
  std::vector<double> forward_steps, backward_steps;  // [F - 1] the first two by distance from where the pass starts
};

/// `config.chained` and `config.batch` count, `config.strategy` does not.
Consistency measure_consistency(models::VideoGenerator& network, const models::Photo& photo, const models::Poses& poses,
                                const StrategyConfig& config = {});

}  // namespace stgmamba::infer
