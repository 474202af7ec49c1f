// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/features.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/util/check.hpp"

namespace stgmamba::metrics {

namespace {

using skeleton::kJoints;
using skeleton::Motion;

constexpr std::size_t kRow = static_cast<std::size_t>(kJoints) * 2;
constexpr std::size_t kKinetic = static_cast<std::size_t>(kJoints) * 3;

/// Mean of f(t + j) over |j| <= radius where low <= t + j < high; 0 where there is no such j, and `any` says so.
template <typename Function>
double local_mean(std::int64_t t, std::int64_t radius, std::int64_t low, std::int64_t high, const Function& f,
                  bool& any) {
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::int64_t at = std::max(t - radius, low); at <= std::min(t + radius, high - 1); ++at, ++count) {
    sum += f(at);
  }
  any = count > 0;
  return any ? sum / static_cast<double>(count) : 0.0;
}

/// The three numbers of one joint.
void kinetic_of(const Motion& motion, int joint, double* out) {
  const auto radius = static_cast<std::int64_t>(std::lround(motion.fps / 30.0 - 1e-9));
  const std::int64_t frames = motion.frames();
  const double fps = motion.fps;
  const auto at = [&](std::int64_t frame, int axis) {
    const float value = axis == 0 ? motion.x(frame, joint) : motion.y(frame, joint);
    return static_cast<double>(value) / skeleton::kUnit;
  };
  double squares[2] = {0.0, 0.0}, acceleration = 0.0;
  std::int64_t accelerated = 0;
  for (std::int64_t t = 1; t < frames; ++t) {
    double bend[2] = {0.0, 0.0};
    bool any = false;
    for (int axis = 0; axis < 2; ++axis) {
      const auto velocity = [&](std::int64_t i) { return (at(i, axis) - at(i - 1, axis)) * fps; };
      const double mean = local_mean(t, radius, 1, frames, velocity, any);
      squares[axis] += mean * mean;
      bend[axis] = local_mean(
          t, radius, 1, frames - 1, [&](std::int64_t i) { return (velocity(i + 1) - velocity(i)) * fps; }, any);
    }
    if (any) {
      acceleration += std::hypot(bend[0], bend[1]);
      ++accelerated;
    }
  }
  out[0] = squares[0] / static_cast<double>(frames - 1);
  out[1] = squares[1] / static_cast<double>(frames - 1);
  out[2] = acceleration / static_cast<double>(accelerated);
}

}  // namespace

void Features::add(std::span<const double> row) {
  STG_CHECK(row.size() == width, "[features] a row must hold {} numbers, got {}", width, row.size());
  if (std::all_of(row.begin(), row.end(), [](double value) { return std::isfinite(value); })) {
    values.insert(values.end(), row.begin(), row.end());
  }
}

Features pose_features(const Motion& motion, bool centred) {
  Features features{kRow, {}};
  std::vector<double> row(kRow);
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    const float* pose = &motion.xy[static_cast<std::size_t>(frame) * kRow];
    for (std::size_t i = 0; i < kRow; ++i) {
      const auto neck = static_cast<std::size_t>(skeleton::kNeck) * 2 + i % 2;
      row[i] = static_cast<double>(pose[i]) - (centred ? static_cast<double>(pose[neck]) : 0.0);
    }
    features.add(row);
  }
  return features;
}

Features velocity_features(const Motion& motion) {
  Features features{kRow, {}};
  std::vector<double> row(kRow);
  for (std::int64_t frame = 1; frame < motion.frames(); ++frame) {
    const float* pose = &motion.xy[static_cast<std::size_t>(frame) * kRow];
    for (std::size_t i = 0; i < kRow; ++i) {
      row[i] = static_cast<double>(pose[i]) - static_cast<double>(*(pose + i - kRow));
    }
    features.add(row);
  }
  return features;
}

Features windows_of(const Features& frames, std::size_t length) {
  STG_CHECK(length > 0, "[windows_of] length must be above 0, got {}", length);
  Features windows{frames.width * length, {}};
  const std::size_t count = frames.rows() / length;
  windows.values.assign(frames.values.begin(),
                        frames.values.begin() + static_cast<std::ptrdiff_t>(count * windows.width));
  return windows;
}

Features kinetic_features(const Motion& motion) {
  STG_CHECK(motion.frames() >= 3, "[kinetic_features] needs at least 3 frames, got {}", motion.frames());
  Features features{kKinetic, {}};
  std::vector<double> row(kKinetic);
  for (int joint = 0; joint < kJoints; ++joint) {
    kinetic_of(motion, joint, &row[static_cast<std::size_t>(joint) * 3]);
  }
  features.add(row);
  return features;
}

}  // namespace stgmamba::metrics
