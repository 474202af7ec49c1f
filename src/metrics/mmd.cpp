// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/mmd.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <opencv2/core.hpp>

#include "stgmamba/util/check.hpp"

#include "order_statistics.hpp"

namespace stgmamba::metrics {

namespace {

double squared_distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return sum;
}

}  // namespace

Features PrincipalComponents::project(const Features& features) const {
  STG_CHECK(features.width == mean.size(), "[project] rows must hold {} numbers, got {}", mean.size(), features.width);
  Features projected{count(), std::vector<double>(features.rows() * count())};
  std::vector<double> centred(mean.size());
  for (std::size_t n = 0; n < features.rows(); ++n) {
    const std::span<const double> row = features.row(n);
    for (std::size_t i = 0; i < mean.size(); ++i) {
      centred[i] = row[i] - mean[i];
    }
    for (std::size_t k = 0; k < count(); ++k) {
      double dot = 0.0;
      for (std::size_t i = 0; i < mean.size(); ++i) {
        dot += centred[i] * basis[k * mean.size() + i];
      }
      projected.values[n * count() + k] = dot;
    }
  }
  return projected;
}

PrincipalComponents principal_components(const Moments& moments, std::size_t count) {
  std::vector<double> covariance = moments.covariance();
  const auto size = static_cast<int>(moments.width());
  cv::Mat values, vectors;  // descending
  cv::eigen(cv::Mat(size, size, CV_64F, covariance.data()), values, vectors);
  PrincipalComponents components{moments.mean(), {}};
  const auto kept = static_cast<std::ptrdiff_t>(std::min(count, moments.width()) * moments.width());
  components.basis.assign(vectors.ptr<double>(), vectors.ptr<double>() + kept);
  return components;
}

double median_distance(const Features& features, std::size_t most) {
  const std::size_t step = std::max<std::size_t>(1, (features.rows() + most - 1) / std::max<std::size_t>(most, 1));
  std::vector<double> distances;
  for (std::size_t i = 0; i < features.rows(); i += step) {
    for (std::size_t j = i + step; j < features.rows(); j += step) {
      distances.push_back(std::sqrt(squared_distance(features.row(i), features.row(j))));
    }
  }
  return median(std::move(distances));
}

KernelSums::KernelSums(const Features& x, const std::vector<std::size_t>& x_group, const Features& y,
                       const std::vector<std::size_t>& y_group, std::size_t groups, double bandwidth, bool same)
    : groups_(groups), sum_(groups * groups, 0.0), pairs_(groups * groups, 0.0) {
  STG_CHECK(x.width == y.width && bandwidth > 0, "[mmd] needs equal widths and a bandwidth above 0, got {}, {} and {}",
            x.width, y.width, bandwidth);
  STG_CHECK(x_group.size() == x.rows() && y_group.size() == y.rows(), "[mmd] needs a group a row, got {} for {}",
            x_group.size() + y_group.size(), x.rows() + y.rows());
  const double scale = -0.5 / (bandwidth * bandwidth);
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < y.rows(); ++j) {
      if (!(same && i == j)) {
        const std::size_t cell = x_group[i] * groups_ + y_group[j];
        sum_[cell] += std::exp(scale * squared_distance(x.row(i), y.row(j)));
        pairs_[cell] += 1.0;
      }
    }
  }
}

double KernelSums::mean(const std::vector<double>& x_weight, const std::vector<double>& y_weight) const {
  double sum = 0.0, pairs = 0.0;
  for (std::size_t i = 0; i < groups_; ++i) {
    for (std::size_t j = 0; j < groups_; ++j) {
      const double weight = x_weight[i] * y_weight[j];
      sum += weight * sum_[i * groups_ + j];
      pairs += weight * pairs_[i * groups_ + j];
    }
  }
  return pairs > 0 ? sum / pairs : std::numeric_limits<double>::quiet_NaN();
}

double mmd_unbiased(const Features& x, const Features& y, double bandwidth) {
  const std::vector<std::size_t> x_group(x.rows(), 0), y_group(y.rows(), 0);
  const auto mean = [&](const Features& a, const std::vector<std::size_t>& a_group, const Features& b,
                        const std::vector<std::size_t>& b_group, bool same) {
    return KernelSums(a, a_group, b, b_group, 1, bandwidth, same).mean({1.0}, {1.0});
  };
  return mean(x, x_group, x, x_group, true) + mean(y, y_group, y, y_group, true) -
         2.0 * mean(x, x_group, y, y_group, false);
}

}  // namespace stgmamba::metrics
