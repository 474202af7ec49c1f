// SPDX-License-Identifier: MIT
// How far dances lie apart, and how far a dance strays over time (mdvs-and-metrics B6): PVar, VVar, PVar_time, PVar_mm.
// In h^2 and (h/s)^2, h = 180 px. More is not better: the value of real dances is the target, for noise raises it too.
#pragma once

#include <vector>

#include "stgmamba/metrics/features.hpp"

namespace stgmamba::metrics {

/// Weighted sums for the variance of each number of a long row over a set of rows; sums over parts add up.
class ElementSums {
 public:
  /// A row may be shorter than others: the shortest sets the length.
  void add(std::span<const double> row);
  void add(const ElementSums& other, double weight = 1.0);
  double count() const { return count_; }
  /// Population variance (or over count - 1 when `unbiased`) of every element, averaged. NaN with under two rows.
  double mean_variance(bool unbiased = false) const;

 private:
  double count_ = 0.0;
  bool any_ = false;
  std::vector<double> sum_, square_;
};

/// The whole clip as one row, root-centred, in h: PVar is the variance of these over clips. [F * 36]
std::vector<double> pose_row(const skeleton::Motion& motion);
/// Its velocities, not centred, in h/s: VVar. [(F - 1) * 36]
std::vector<double> velocity_row(const skeleton::Motion& motion);
/// Moving average over `seconds` around each frame, shortened at the ends: what is left of a dance without its tremor.
skeleton::Motion low_passed(const skeleton::Motion& motion, double seconds = 1.0);

/// Variance over the frames of one clip, averaged over joints and coordinates, root-centred, in h^2. 0 when frozen.
double time_variance(const skeleton::Motion& motion);
/// Variance (over count - 1) between dances to one piece of music, root-centred and low-passed over 1 s, so that
/// trembling does not count as variety, in h^2. NaN for under two.
double multimodal_variance(const std::vector<skeleton::Motion>& draws);

}  // namespace stgmamba::metrics
