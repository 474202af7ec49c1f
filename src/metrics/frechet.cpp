// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/frechet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <opencv2/core.hpp>

#include "stgmamba/util/check.hpp"

namespace stgmamba::metrics {

namespace {

/// Shares the memory of a matrix [W, W].
cv::Mat as_matrix(const std::vector<double>& values, std::size_t width) {
  return {static_cast<int>(width), static_cast<int>(width), CV_64F, const_cast<double*>(values.data())};
}

/// Symmetric root of a symmetric matrix [W, W] that should have no negative eigenvalue.
cv::Mat root_of(const std::vector<double>& matrix, std::size_t width) {
  cv::Mat values, vectors;  // rows of `vectors` are the eigenvectors
  cv::eigen(as_matrix(matrix, width), values, vectors);
  cv::Mat scaled = vectors.clone();
  for (int i = 0; i < scaled.rows; ++i) {
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

Gaussian fit_gaussian(const Moments& moments) {
  Gaussian fit{{}, {}, 0.0, moments.count()};
  if (moments.count() < 2.0) {
    return fit;
  }
  const std::vector<double> covariance = moments.covariance();
  fit.mean = moments.mean();
  fit.trace = trace(covariance, moments.width());
  const cv::Mat root = root_of(covariance, moments.width());
  fit.root.assign(root.ptr<double>(), root.ptr<double>() + root.total());
  return fit;
}

double frechet_distance(const Gaussian& a, const Gaussian& b) {
  if (a.count < 2.0 || b.count < 2.0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  STG_CHECK(a.mean.size() == b.mean.size(), "[frechet_distance] widths must agree, got {} and {}", a.mean.size(),
            b.mean.size());
  double shift = 0.0;
  for (std::size_t i = 0; i < a.mean.size(); ++i) {
    shift += (a.mean[i] - b.mean[i]) * (a.mean[i] - b.mean[i]);
  }
  cv::Mat singular;
  cv::SVD::compute(as_matrix(a.root, a.mean.size()) * as_matrix(b.root, b.mean.size()), singular, cv::SVD::NO_UV);
  return shift + a.trace + b.trace - 2.0 * cv::sum(singular)[0];
}

double frechet_distance(const Moments& a, const Moments& b) {
  return frechet_distance(fit_gaussian(a), fit_gaussian(b));
}

double frechet_distance(const Features& a, const Features& b) {
  return frechet_distance(Moments(a), Moments(b));
}

}  // namespace stgmamba::metrics
