// SPDX-License-Identifier: MIT
// What the distances between sets of dances compare: rows of numbers, one a frame, a window or a clip
// (mdvs-and-metrics B0, B5, B7). Pixels of the 640x360 frame unless said otherwise; resample to one frame rate first.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::metrics {

/// A matrix of N rows. Rows with a value that is not finite are left out by what makes them.
struct Features {
  std::size_t width = 0;
  std::vector<double> values;  // [N, width]

  std::size_t rows() const { return width == 0 ? 0 : values.size() / width; }
  std::span<const double> row(std::size_t i) const { return {&values[i * width], width}; }
  /// Appends a row, or nothing when a value of it is not finite.
  void add(std::span<const double> row);
};

/// One pose a frame, joint-major (x0, y0, x1, ...), with the neck at the origin when `centred`. [F, 36]
Features pose_features(const skeleton::Motion& motion, bool centred = true);
/// Steps from frame to frame, px a frame, not centred: travel counts. [F - 1, 36]
Features velocity_features(const skeleton::Motion& motion);
/// Consecutive windows of `length` rows, each flattened to one; what is left at the end is dropped. The motion must
/// have no missing joint, or windows would straddle gaps. [N, length * width]
Features windows_of(const Features& frames, std::size_t length);

/// A joint's mean squared velocity along x, along y, and its mean acceleration, in h and seconds (FID_k of AIST++ in
/// two dimensions, without the published slip of precedence). Differences are averaged over +-1/30 s as there: over one
/// frame alone up to 15 frames/s. One row, or none where a joint is missing. [1, 54]
Features kinetic_features(const skeleton::Motion& motion);

}  // namespace stgmamba::metrics
