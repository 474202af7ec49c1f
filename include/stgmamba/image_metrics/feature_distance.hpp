// SPDX-License-Identifier: MIT
// Distances between two sets of feature rows, each row with a weight, in double precision (skeleton-to-video D1).
//
//   FD = |mu_a - mu_b|^2 + Tr(S_a + S_b - 2 (S_a S_b)^(1/2))
//
// metrics/frechet.hpp has the same distance for the few dozens of coordinates of a pose. Here rows are wide (2048) and
// often fewer than they are wide: the root's trace then is the sum of the singular values of the product of the two
// centred sets, [n, m], and no covariance is ever formed.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace stgmamba::image_metrics {

/// What a covariance is divided by: FID takes N - 1, FVD as published with StyleGAN-V takes N.
enum class Covariance { kUnbiased, kPopulation };

/// Rows a [n, W] and b [m, W]; how often each row counts, float64 [n] and [m], undefined: once. Takes the cheaper of
/// the two ways below. NaN when either set weighs under two rows.
double frechet_distance(const at::Tensor& a, const at::Tensor& b, Covariance rule, const at::Tensor& a_weight = {},
                        const at::Tensor& b_weight = {});
/// By symmetric eigen-decompositions of W x W matrices, negative eigenvalues clamped to 0.
double frechet_by_covariance(const at::Tensor& a, const at::Tensor& b, Covariance rule, const at::Tensor& a_weight = {},
                             const at::Tensor& b_weight = {});
/// By the singular values of an n x m matrix.
double frechet_by_rows(const at::Tensor& a, const at::Tensor& b, Covariance rule, const at::Tensor& a_weight = {},
                       const at::Tensor& b_weight = {});
/// How large a matrix frechet_distance decomposes: the time grows with its third power.
std::int64_t frechet_size(std::int64_t rows, std::int64_t width);

/// KID: the unbiased squared maximum mean discrepancy under (x . y / W + 1)^3, with sums over pairs kept for each pair
/// of groups, so that any weighting of the groups (clips) costs little. A row is never paired with itself. Published
/// values average it over random subsets of 1000 rows, which has the same expectation.
class KernelDistance {
 public:
  /// `a_group` [n] and `b_group` [m], int64 in [0, groups).
  KernelDistance(const at::Tensor& a, const at::Tensor& a_group, const at::Tensor& b, const at::Tensor& b_group,
                 std::int64_t groups);
  /// `weight` float64 [groups], of both sets alike; undefined: all 1. 0 on average for equal distributions.
  double value(const at::Tensor& weight = {}) const;

 private:
  at::Tensor aa_, bb_, ab_;                    // [G, G] sums of the kernel
  at::Tensor aa_pairs_, bb_pairs_, ab_pairs_;  // [G, G]
};

}  // namespace stgmamba::image_metrics
