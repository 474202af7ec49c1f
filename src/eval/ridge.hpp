// SPDX-License-Identifier: MIT
// Ridge regression in double precision by normal equations, fed row by row.
#pragma once

#include <cmath>
#include <vector>

#include "stgmamba/util/check.hpp"

namespace stgmamba::eval {

class Ridge {
 public:
  Ridge(std::size_t inputs, std::size_t outputs)
      : inputs_(inputs), outputs_(outputs), gram_(inputs * inputs, 0.0), cross_(inputs * outputs, 0.0) {}

  void add(const std::vector<double>& x, const float* y) {
    for (std::size_t i = 0; i < inputs_; ++i) {
      if (x[i] == 0.0) {
        continue;
      }
      for (std::size_t j = 0; j <= i; ++j) {
        gram_[i * inputs_ + j] += x[i] * x[j];
      }
      for (std::size_t k = 0; k < outputs_; ++k) {
        cross_[i * outputs_ + k] += x[i] * y[k];
      }
    }
    ++rows_;
  }

  /// Cholesky of gram + lambda * rows; the weights replace the cross products.
  void solve(double lambda) {
    STG_CHECK(rows_ > 0, "[Ridge] solve() needs rows");
    const std::size_t n = inputs_;
    for (std::size_t i = 0; i < n; ++i) {
      gram_[i * n + i] += lambda * static_cast<double>(rows_);
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = gram_[i * n + j];
        for (std::size_t k = 0; k < j; ++k) {
          sum -= gram_[i * n + k] * gram_[j * n + k];
        }
        gram_[i * n + j] = i == j ? std::sqrt(sum) : sum / gram_[j * n + j];
      }
    }
    for (std::size_t column = 0; column < outputs_; ++column) {
      for (std::size_t i = 0; i < n; ++i) {
        double sum = cross_[i * outputs_ + column];
        for (std::size_t k = 0; k < i; ++k) {
          sum -= gram_[i * n + k] * cross_[k * outputs_ + column];
        }
        cross_[i * outputs_ + column] = sum / gram_[i * n + i];
      }
      for (std::size_t i = n; i-- > 0;) {
        double sum = cross_[i * outputs_ + column];
        for (std::size_t k = i + 1; k < n; ++k) {
          sum -= gram_[k * n + i] * cross_[k * outputs_ + column];
        }
        cross_[i * outputs_ + column] = sum / gram_[i * n + i];
      }
    }
  }

  std::vector<double> predict(const std::vector<double>& x) const {
    std::vector<double> out(outputs_, 0.0);
    for (std::size_t i = 0; i < inputs_; ++i) {
      for (std::size_t k = 0; x[i] != 0.0 && k < outputs_; ++k) {
        out[k] += x[i] * cross_[i * outputs_ + k];
      }
    }
    return out;
  }

 private:
  std::size_t inputs_, outputs_, rows_ = 0;
  std::vector<double> gram_, cross_;  // [inputs, inputs], [inputs, outputs]
};

/// Share of variance explained, all outputs pooled: 1 - (squared error) / (squared distance to the outputs' means).
class Residual {
 public:
  explicit Residual(std::size_t outputs) : sum_(outputs, 0.0), square_(outputs, 0.0) {}

  void add(const std::vector<double>& predicted, const float* y) {
    for (std::size_t k = 0; k < sum_.size(); ++k) {
      const double value = y[k];
      error_ += (value - predicted[k]) * (value - predicted[k]);
      sum_[k] += value;
      square_[k] += value * value;
    }
    ++rows_;
  }
  double r2() const {
    double total = 0.0;
    for (std::size_t k = 0; k < sum_.size(); ++k) {
      total += square_[k] - sum_[k] * sum_[k] / static_cast<double>(rows_);
    }
    return total > 0 ? 1.0 - error_ / total : 0.0;
  }

 private:
  std::vector<double> sum_, square_;
  double error_ = 0.0;
  std::size_t rows_ = 0;
};

}  // namespace stgmamba::eval
