// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/nearest.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stgmamba::metrics {

namespace {

/// Squared distance, given up as soon as it exceeds `best`: the first components hold most of it.
double distance_below(const double* a, const double* b, std::size_t width, double best) {
  double sum = 0.0;
  for (std::size_t i = 0; i < width && sum < best; ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return sum;
}

}  // namespace

std::size_t window_length(double fps) {
  return static_cast<std::size_t>(std::max<long>(1, std::lround(fps)));
}

TrainingWindows::TrainingWindows(const std::vector<skeleton::Motion>& training, const PrincipalComponents& components)
    : width_(components.mean.size()), windows_{components.count(), {}} {
  for (const skeleton::Motion& motion : training) {
    const Features poses = pose_features(motion);
    const std::size_t length = window_length(motion.fps);
    Features windows{width_, {}};
    for (std::size_t first = 0; first + length <= poses.rows(); ++first) {
      windows.add({&poses.values[first * poses.width], length * poses.width});
    }
    const Features projected = components.project(windows);
    windows_.values.insert(windows_.values.end(), projected.values.begin(), projected.values.end());
  }
}

std::vector<double> TrainingWindows::distances(const Features& windows) const {
  std::vector<double> nearest;
  for (std::size_t i = 0; i < windows.rows(); ++i) {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < windows_.rows(); ++j) {
      best = std::min(best, distance_below(windows.row(i).data(), windows_.row(j).data(), windows.width, best));
    }
    nearest.push_back(std::sqrt(best / static_cast<double>(width_)));
  }
  return nearest;
}

}  // namespace stgmamba::metrics
