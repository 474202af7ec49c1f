// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/feature_distance.hpp"

#include <algorithm>
#include <limits>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::image_metrics {

namespace {

/// A weighted set, centred and scaled, so that its covariance is rows^T rows.
struct Centred {
  at::Tensor mean;  // [W]
  at::Tensor rows;  // [n, W]
  bool enough = false;
};

Centred centre(const at::Tensor& rows, const at::Tensor& weight, Covariance rule) {
  const at::Tensor x = rows.cpu().to(torch::kDouble);
  const at::Tensor w = weight.defined() ? weight : torch::ones({x.size(0)}, torch::kDouble);
  STG_CHECK(w.dim() == 1 && w.size(0) == x.size(0), "[frechet] needs a weight for each of {} rows, got {}", x.size(0),
            fmt::join(w.sizes(), "x"));
  Centred set;
  const double count = w.sum().item<double>();
  const double divisor = rule == Covariance::kUnbiased ? count - 1.0 : count;
  set.enough = count >= 2.0;
  set.mean = w.matmul(x) / count;
  set.rows = (w / divisor).sqrt().unsqueeze(1) * (x - set.mean);
  return set;
}

void check(const at::Tensor& a, const at::Tensor& b) {
  STG_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(1),
            "[frechet] rows must be [n, W] and [m, W], got {} and {}", fmt::join(a.sizes(), "x"),
            fmt::join(b.sizes(), "x"));
}

/// |mu_a - mu_b|^2 + Tr S_a + Tr S_b - 2 `root`.
double assemble(const Centred& a, const Centred& b, double root) {
  return (a.mean - b.mean).square().sum().item<double>() + a.rows.square().sum().item<double>() +
         b.rows.square().sum().item<double>() - 2.0 * root;
}

at::Tensor kernel(const at::Tensor& x, const at::Tensor& y) {
  return (x.matmul(y.t()) / static_cast<double>(x.size(1)) + 1.0).pow(3);
}

/// One-hot rows of group numbers, [n, G].
at::Tensor members(const at::Tensor& group, std::int64_t groups) {
  return torch::one_hot(group.to(torch::kLong), groups).to(torch::kDouble);
}

/// Rows with their groups, in blocks: the kernel of all pairs at once would grow with the square of the rows.
struct Grouped {
  at::Tensor rows, in;  // [n, W], [n, G]
  std::int64_t blocks() const { return (rows.size(0) + kBlock - 1) / kBlock; }
  Grouped block(std::int64_t i) const {
    const std::int64_t first = i * kBlock, count = std::min(kBlock, rows.size(0) - first);
    return {rows.narrow(0, first, count), in.narrow(0, first, count)};
  }
  static constexpr std::int64_t kBlock = 2048;
};

/// Sums of the kernel over the rows of each pair of groups, [G, G]; for one set without pairs of a row with itself.
at::Tensor sum_groups(const Grouped& x, const Grouped& y, bool same) {
  at::Tensor sums = torch::zeros({x.in.size(1), y.in.size(1)}, torch::kDouble);
  for (std::int64_t i = 0; i < x.blocks(); ++i) {
    const Grouped a = x.block(i);
    for (std::int64_t j = 0; j < y.blocks(); ++j) {
      const Grouped b = y.block(j);
      at::Tensor pairs = kernel(a.rows, b.rows);
      if (same && i == j) {
        pairs.fill_diagonal_(0.0);
      }
      sums += a.in.t().matmul(pairs).matmul(b.in);
    }
  }
  return sums;
}

/// How many pairs those are.
at::Tensor count_groups(const Grouped& x, const Grouped& y, bool same) {
  const at::Tensor a = x.in.sum(0), b = y.in.sum(0);
  return same ? torch::outer(a, b) - torch::diag(a) : torch::outer(a, b);
}

double weighted(const at::Tensor& sums, const at::Tensor& counts, const at::Tensor& weight) {
  return (weight.dot(sums.matmul(weight)) / weight.dot(counts.matmul(weight))).item<double>();
}

}  // namespace

double frechet_by_covariance(const at::Tensor& a, const at::Tensor& b, Covariance rule, const at::Tensor& a_weight,
                             const at::Tensor& b_weight) {
  check(a, b);
  const Centred x = centre(a, a_weight, rule), y = centre(b, b_weight, rule);
  if (!x.enough || !y.enough) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto [values, vectors] = at::linalg_eigh(x.rows.t().matmul(x.rows));
  const at::Tensor root = (vectors * values.clamp_min(0.0).sqrt()).matmul(vectors.t());  // S_a^(1/2)
  const at::Tensor product = root.matmul(y.rows.t().matmul(y.rows)).matmul(root);
  return assemble(x, y, at::linalg_eigvalsh(product).clamp_min(0.0).sqrt().sum().item<double>());
}

double frechet_by_rows(const at::Tensor& a, const at::Tensor& b, Covariance rule, const at::Tensor& a_weight,
                       const at::Tensor& b_weight) {
  check(a, b);
  const Centred x = centre(a, a_weight, rule), y = centre(b, b_weight, rule);
  if (!x.enough || !y.enough) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return assemble(x, y, at::linalg_svdvals(x.rows.matmul(y.rows.t())).sum().item<double>());
}

std::int64_t frechet_size(std::int64_t rows, std::int64_t width) {
  return std::min(rows, width);
}

double frechet_distance(const at::Tensor& a, const at::Tensor& b, Covariance rule, const at::Tensor& a_weight,
                        const at::Tensor& b_weight) {
  check(a, b);
  const bool wide = std::min(a.size(0), b.size(0)) <= a.size(1);
  return wide ? frechet_by_rows(a, b, rule, a_weight, b_weight) : frechet_by_covariance(a, b, rule, a_weight, b_weight);
}

KernelDistance::KernelDistance(const at::Tensor& a, const at::Tensor& a_group, const at::Tensor& b,
                               const at::Tensor& b_group, std::int64_t groups) {
  check(a, b);
  const Grouped x{a.cpu().to(torch::kDouble), members(a_group, groups)};
  const Grouped y{b.cpu().to(torch::kDouble), members(b_group, groups)};
  aa_ = sum_groups(x, x, true);
  bb_ = sum_groups(y, y, true);
  ab_ = sum_groups(x, y, false);
  aa_pairs_ = count_groups(x, x, true);
  bb_pairs_ = count_groups(y, y, true);
  ab_pairs_ = count_groups(x, y, false);
}

double KernelDistance::value(const at::Tensor& weight) const {
  const at::Tensor w = weight.defined() ? weight : torch::ones({aa_.size(0)}, torch::kDouble);
  return weighted(aa_, aa_pairs_, w) + weighted(bb_, bb_pairs_, w) - 2.0 * weighted(ab_, ab_pairs_, w);
}

}  // namespace stgmamba::image_metrics
