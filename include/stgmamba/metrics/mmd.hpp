// SPDX-License-Identifier: MIT
// Maximum mean discrepancy between two sets of windows (mdvs-and-metrics B11, item 5): unlike a Frechet distance it
// sees more than mean and covariance, and its unbiased form is 0 on average for equal distributions however few windows
// there are.
#pragma once

#include <cstddef>
#include <vector>

#include "stgmamba/metrics/features.hpp"
#include "stgmamba/metrics/frechet.hpp"

namespace stgmamba::metrics {

/// Directions of largest variance.
struct PrincipalComponents {
  std::vector<double> mean;   // [W]
  std::vector<double> basis;  // [K, W], orthonormal rows, largest variance first
  std::size_t count() const { return mean.empty() ? 0 : basis.size() / mean.size(); }
  Features project(const Features& features) const;  // [N, K]
};
/// At most `count` of them, no more than the width.
PrincipalComponents principal_components(const Moments& moments, std::size_t count);

/// Median Euclidean distance between two rows: the usual bandwidth of a Gaussian kernel. At most `most` rows, evenly
/// chosen, are paired. 0 with under two rows.
double median_distance(const Features& features, std::size_t most = 1000);

/// Sums of k(x, y) = exp(-|x - y|^2 / (2 bandwidth^2)) over pairs of rows, for each pair of groups (songs), so that the
/// estimate for any weighting of the songs is a sum of few terms. A row is never paired with itself.
class KernelSums {
 public:
  /// `group[i]` in [0, groups) is the song of row i of `x`; `same` says that x and y are one set.
  KernelSums(const Features& x, const std::vector<std::size_t>& x_group, const Features& y,
             const std::vector<std::size_t>& y_group, std::size_t groups, double bandwidth, bool same);
  /// Mean of the kernel over pairs, each pair weighted by the product of its songs' weights.
  double mean(const std::vector<double>& x_weight, const std::vector<double>& y_weight) const;

 private:
  std::size_t groups_;
  std::vector<double> sum_, pairs_;  // [G, G]
};

/// mean k(x, x') + mean k(y, y') - 2 mean k(x, y), pairs of distinct rows. May be slightly negative.
double mmd_unbiased(const Features& x, const Features& y, double bandwidth);

}  // namespace stgmamba::metrics
