// SPDX-License-Identifier: MIT
// How time and memory of a whole generator grow with the length of the music.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "stgmamba/models/pose_generator.hpp"

namespace stgmamba::eval {

struct ScalingRow {
  std::int64_t frames = 0;
  double seconds = 0.0;    // of one forward pass, batch 1, median of three after a warm-up
  double megabytes = 0.0;  // peak resident memory above that before the first length; < 0: unknown
};

struct ScalingReport {
  std::vector<ScalingRow> rows;
  /// Least squares slope of log time over log frames, from 500 frames on: 1 is linear.
  double exponent() const;
  std::string text() const;
};

/// 50 to 6000 frames (10 minutes of music) unless told otherwise. Throws StoppedError when asked to stop.
ScalingReport measure_scaling(const models::GeneratorHandle& generator, c10::Device device,
                              const std::vector<std::int64_t>& frames = {50, 100, 200, 500, 1000, 2000, 4000, 6000});

}  // namespace stgmamba::eval
