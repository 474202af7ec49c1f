// SPDX-License-Identifier: MIT
// The Frechet distance between Gaussians fitted to two sets of features (mdvs-and-metrics B5):
//
//   FD = |mu1 - mu2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)),   covariances with N - 1
//
// Lower is better, 0 for equal distributions, in the square of the features' unit. It is biased upwards for few rows,
// so only sets of equal size compare.
#pragma once

#include <span>
#include <vector>

#include "stgmamba/metrics/features.hpp"

namespace stgmamba::metrics {

/// Weighted sums that mean and covariance are read from; sums over parts add up to those of the whole.
class Moments {
 public:
  explicit Moments(std::size_t width);
  explicit Moments(const Features& features);

  void add(std::span<const double> row);
  void add(const Moments& other, double weight = 1.0);

  std::size_t width() const { return sum_.size(); }
  double count() const { return count_; }
  std::vector<double> mean() const;        // [W]
  std::vector<double> covariance() const;  // [W, W], divided by count - 1
  std::vector<double> deviation() const;   // [W], population standard deviation

 private:
  double count_ = 0.0;
  std::vector<double> sum_, product_;  // [W], [W, W] upper triangle
};

/// Mean and covariance of a set, and the root of the latter, which is the costly part: fit once, compare often.
struct Gaussian {
  std::vector<double> mean, root;  // [W], [W, W] symmetric
  double trace = 0.0;              // of the covariance
  double count = 0.0;
};
Gaussian fit_gaussian(const Moments& moments);

/// In double precision: matrix roots from symmetric eigen-decompositions with negative eigenvalues clamped to 0, and
/// Tr (S1 S2)^(1/2) as the sum of the singular values of S1^(1/2) S2^(1/2). So singular covariances are no special
/// case, and no noise of their null space is blown up by a second root. NaN with under two rows on either side.
double frechet_distance(const Gaussian& a, const Gaussian& b);
double frechet_distance(const Moments& a, const Moments& b);
double frechet_distance(const Features& a, const Features& b);

}  // namespace stgmamba::metrics
