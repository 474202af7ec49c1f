// SPDX-License-Identifier: MIT
// Memorising (mdvs-and-metrics B11, item 7): how far is a dance from the nearest second of the training dances?
#pragma once

#include <vector>

#include "stgmamba/metrics/mmd.hpp"

namespace stgmamba::metrics {

/// Every 1 s window of the training dances, root-centred, in the principal components of the real windows. Overlapping
/// windows, one a frame, so that copies are found at any offset.
class TrainingWindows {
 public:
  TrainingWindows(const std::vector<skeleton::Motion>& training, const PrincipalComponents& components);
  bool empty() const { return windows_.rows() == 0; }
  /// Distance of each row of `windows` ([N, K], projected) to the nearest training window: root mean square over the
  /// coordinates of a window, px.
  std::vector<double> distances(const Features& windows) const;

 private:
  std::size_t width_;  // of a window before projection
  Features windows_;   // [N, K]
};

/// Rows of a window: one second.
std::size_t window_length(double fps);

}  // namespace stgmamba::metrics
