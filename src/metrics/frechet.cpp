// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/frechet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <opencv2/core.hpp>

#include "stgmamba/util/check.hpp"

namespace stgmamba::metrics {

namespace {

/// Symmetric root of a symmetric matrix [W, W] that should have no negative eigenvalue.
cv::Mat root_of(const std::vector<double>& matrix, std::size_t width) {
  const auto size = static_cast<int>(width);
  const cv::Mat symmetric(size, size, CV_64F, const_cast<double*>(matrix.data()));
  cv::Mat values, vectors;  // rows of `vectors` are the eigenvectors
  cv::eigen(symmetric, values, vectors);
  cv::Mat scaled = vectors.clone();
  for (int i = 0; i < size; ++i) {
    scaled.row(i) *= std::sqrt(std::max(0.0, values.at<double>(i)));
  }
  return vectors.t() * scaled;
}

double trace(const std::vector<double>& matrix, std::size_t width) {
  double sum = 0.0;
  for (std::size_t i = 0; i < width; ++i) {
    sum += matrix[i * width + i];
  }
  return sum;
}

}  // namespace

Moments::Moments(std::size_t width) : sum_(width, 0.0), product_(width * width, 0.0) {}

Moments::Moments(const Features& features) : Moments(features.width) {
  for (std::size_t i = 0; i < features.rows(); ++i) {
    add(features.row(i));
  }
}

void Moments::add(std::span<const double> row) {
  const std::size_t n = width();
  STG_CHECK(row.size() == n, "[moments] a row must hold {} numbers, got {}", n, row.size());
  count_ += 1.0;
  for (std::size_t i = 0; i < n; ++i) {
    sum_[i] += row[i];
    double* products = &product_[i * n];
    for (std::size_t j = i; j < n; ++j) {
      products[j] += row[i] * row[j];
    }
  }
}

void Moments::add(const Moments& other, double weight) {
  STG_CHECK(other.width() == width(), "[moments] widths must agree, got {} and {}", width(), other.width());
  count_ += weight * other.count_;
  for (std::size_t i = 0; i < sum_.size(); ++i) {
    sum_[i] += weight * other.sum_[i];
  }
  for (std::size_t i = 0; i < product_.size(); ++i) {
    product_[i] += weight * other.product_[i];
  }
}

std::vector<double> Moments::mean() const {
  std::vector<double> mean = sum_;
  for (double& value : mean) {
    value /= count_;
  }
  return mean;
}

std::vector<double> Moments::covariance() const {
  const std::size_t n = width();
  std::vector<double> covariance(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      const double value = (product_[i * n + j] - sum_[i] * sum_[j] / count_) / (count_ - 1.0);
      covariance[i * n + j] = value;
      covariance[j * n + i] = value;
    }
  }
  return covariance;
}

std::vector<double> Moments::deviation() const {
  std::vector<double> result(width());
  for (std::size_t i = 0; i < width(); ++i) {
    const double mean = sum_[i] / count_;
    result[i] = std::sqrt(std::max(0.0, product_[i * width() + i] / count_ - mean * mean));
  }
  return result;
}

double frechet_distance(const Moments& a, const Moments& b) {
  STG_CHECK(a.width() == b.width(), "[frechet_distance] widths must agree, got {} and {}", a.width(), b.width());
  if (a.count() < 2.0 || b.count() < 2.0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const std::size_t n = a.width();
  const std::vector<double> mean_a = a.mean(), mean_b = b.mean();
  double shift = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    shift += (mean_a[i] - mean_b[i]) * (mean_a[i] - mean_b[i]);
  }
  const std::vector<double> covariance_a = a.covariance(), covariance_b = b.covariance();
  cv::Mat singular;
  cv::SVD::compute(root_of(covariance_a, n) * root_of(covariance_b, n), singular, cv::SVD::NO_UV);
  return shift + trace(covariance_a, n) + trace(covariance_b, n) - 2.0 * cv::sum(singular)[0];
}

double frechet_distance(const Features& a, const Features& b) {
  return frechet_distance(Moments(a), Moments(b));
}

}  // namespace stgmamba::metrics
