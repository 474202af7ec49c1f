// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/spread.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stgmamba::metrics {

void ElementSums::add(std::span<const double> row) {
  const std::size_t length = any_ ? std::min(row.size(), sum_.size()) : row.size();
  sum_.resize(length);
  square_.resize(length);
  for (std::size_t i = 0; i < length; ++i) {
    sum_[i] += row[i];
    square_[i] += row[i] * row[i];
  }
  count_ += 1.0;
  any_ = true;
}

void ElementSums::add(const ElementSums& other, double weight) {
  if (!other.any_ || weight == 0.0) {
    return;
  }
  const std::size_t length = any_ ? std::min(other.sum_.size(), sum_.size()) : other.sum_.size();
  sum_.resize(length);
  square_.resize(length);
  for (std::size_t i = 0; i < length; ++i) {
    sum_[i] += weight * other.sum_[i];
    square_[i] += weight * other.square_[i];
  }
  count_ += weight * other.count_;
  any_ = true;
}

double ElementSums::mean_variance(bool unbiased) const {
  if (count_ < 2.0 || sum_.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double total = 0.0;
  for (std::size_t i = 0; i < sum_.size(); ++i) {
    const double mean = sum_[i] / count_;
    total += std::max(0.0, square_[i] / count_ - mean * mean);
  }
  return total / static_cast<double>(sum_.size()) * (unbiased ? count_ / (count_ - 1.0) : 1.0);
}

std::vector<double> pose_row(const skeleton::Motion& motion) {
  std::vector<double> row = pose_features(motion).values;
  for (double& value : row) {
    value /= skeleton::kUnit;
  }
  return row;
}

std::vector<double> velocity_row(const skeleton::Motion& motion) {
  std::vector<double> row = velocity_features(motion).values;
  for (double& value : row) {
    value *= motion.fps / skeleton::kUnit;
  }
  return row;
}

skeleton::Motion low_passed(const skeleton::Motion& motion, double seconds) {
  const auto radius = static_cast<std::int64_t>(std::lround(seconds * motion.fps / 2.0));
  constexpr std::int64_t kRow = static_cast<std::int64_t>(skeleton::kJoints) * 2;
  skeleton::Motion smooth = motion;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    const std::int64_t first = std::max<std::int64_t>(0, frame - radius);
    const std::int64_t last = std::min(motion.frames() - 1, frame + radius);
    for (std::int64_t i = 0; i < kRow; ++i) {
      double sum = 0.0;
      for (std::int64_t at = first; at <= last; ++at) {
        sum += static_cast<double>(motion.xy[static_cast<std::size_t>(at * kRow + i)]);
      }
      smooth.xy[static_cast<std::size_t>(frame * kRow + i)] =
          static_cast<float>(sum / static_cast<double>(last - first + 1));
    }
  }
  return smooth;
}

double time_variance(const skeleton::Motion& motion) {
  const Features poses = pose_features(motion);
  ElementSums sums;
  for (std::size_t i = 0; i < poses.rows(); ++i) {
    sums.add(poses.row(i));
  }
  return sums.mean_variance() / (skeleton::kUnit * skeleton::kUnit);
}

double multimodal_variance(const std::vector<skeleton::Motion>& draws) {
  ElementSums sums;
  for (const skeleton::Motion& draw : draws) {
    sums.add(pose_row(low_passed(draw)));
  }
  return sums.mean_variance(true);
}

}  // namespace stgmamba::metrics
