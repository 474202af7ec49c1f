// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/motion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/util/check.hpp"

#include "order_statistics.hpp"

namespace stgmamba::metrics {

namespace {

using skeleton::kJoints;
using skeleton::Motion;

constexpr std::size_t kRow = static_cast<std::size_t>(kJoints) * 2;

double median_difference(const std::vector<Motion>& motions, int order) {
  std::vector<double> all;
  for (const Motion& motion : motions) {
    const std::vector<double> lengths = difference_lengths(motion, order);
    all.insert(all.end(), lengths.begin(), lengths.end());
  }
  return median(std::move(all));
}

double ratio(double a, double b) {
  return b > 0 ? a / b : 0.0;
}

}  // namespace

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) {
    return 0.0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.size() % 2 == 1 ? *middle : (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

std::vector<double> difference_lengths(const Motion& motion, int order) {
  std::vector<double> values(motion.xy.begin(), motion.xy.end());
  for (int n = 0; n < order; ++n) {
    if (values.size() <= kRow) {
      return {};
    }
    for (std::size_t i = 0; i + kRow < values.size(); ++i) {
      values[i] = values[i + kRow] - values[i];
    }
    values.resize(values.size() - kRow);
  }
  const double scale = std::pow(motion.fps, order) / skeleton::kUnit;
  std::vector<double> lengths(values.size() / 2);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    lengths[i] = scale * std::hypot(values[2 * i], values[2 * i + 1]);
  }
  return lengths;
}

std::vector<double> frame_speeds(const Motion& motion) {
  const std::vector<double> lengths = difference_lengths(motion, 1);
  std::vector<double> speeds;
  for (std::size_t first = 0; first < lengths.size(); first += kJoints) {
    double sum = 0.0;
    int seen = 0;
    for (std::size_t joint = first; joint < first + kJoints; ++joint) {
      if (std::isfinite(lengths[joint])) {
        sum += lengths[joint];
        ++seen;
      }
    }
    speeds.push_back(seen > 0 ? sum / seen : std::numeric_limits<double>::quiet_NaN());
  }
  return speeds;
}

double slow_share(const std::vector<Motion>& generated, const std::vector<Motion>& real, double share) {
  std::vector<double> usual;
  for (const Motion& motion : real) {
    const std::vector<double> speeds = frame_speeds(motion);
    usual.insert(usual.end(), speeds.begin(), speeds.end());
  }
  const double threshold = share * median(std::move(usual));
  double slow = 0.0, all = 0.0;
  for (const Motion& motion : generated) {
    for (const double speed : frame_speeds(motion)) {
      slow += speed < threshold ? 1.0 : 0.0;
      all += std::isfinite(speed) ? 1.0 : 0.0;
    }
  }
  return ratio(slow, all);
}

double median_speed(const std::vector<Motion>& motions) {
  return median_difference(motions, 1);
}
double median_jerk(const std::vector<Motion>& motions) {
  return median_difference(motions, 3);
}

double speed_ratio(const std::vector<Motion>& generated, const std::vector<Motion>& real) {
  return ratio(median_speed(generated), median_speed(real));
}

double jerk_ratio(const std::vector<Motion>& generated, const std::vector<Motion>& real) {
  return ratio(median_jerk(generated), median_jerk(real));
}

double draw_variance(const std::vector<Motion>& draws, bool centred) {
  if (draws.size() < 2) {
    return 0.0;
  }
  std::size_t length = draws[0].xy.size();
  for (const Motion& draw : draws) {
    length = std::min(length, draw.xy.size());
  }
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const std::size_t neck = i / kRow * kRow + static_cast<std::size_t>(skeleton::kNeck) * 2 + i % 2;
    double mean = 0.0, square = 0.0;
    for (const Motion& draw : draws) {
      const double value = static_cast<double>(draw.xy[i]) - (centred ? draw.xy[neck] : skeleton::kUnit);
      mean += value;
      square += value * value;
    }
    mean /= static_cast<double>(draws.size());
    const double variance = square / static_cast<double>(draws.size()) - mean * mean;
    if (std::isfinite(variance)) {
      sum += std::max(0.0, variance);
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) / (skeleton::kUnit * skeleton::kUnit) : 0.0;
}

std::vector<float> median_pose(const std::vector<Motion>& motions) {
  std::vector<float> pose(kRow);
  for (std::size_t column = 0; column < kRow; ++column) {
    std::vector<double> values;
    for (const Motion& motion : motions) {
      for (std::size_t i = column; i < motion.xy.size(); i += kRow) {
        values.push_back(motion.xy[i]);
      }
    }
    pose[column] = static_cast<float>(median(std::move(values)));
  }
  return pose;
}

Motion still_motion(const std::vector<float>& pose, std::int64_t frames, double fps) {
  STG_CHECK(pose.size() == kRow, "[still_motion] pose must hold {} numbers, got {}", kRow, pose.size());
  Motion motion(frames, fps);
  for (std::size_t i = 0; i < motion.xy.size(); ++i) {
    motion.xy[i] = pose[i % kRow];
  }
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  return motion;
}

double l1(const Motion& a, const Motion& b) {
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < std::min(a.xy.size(), b.xy.size()); ++i) {
    const double difference = std::abs(static_cast<double>(a.xy[i]) - b.xy[i]);
    if (std::isfinite(difference)) {
      sum += difference;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

double l1_share(const std::vector<Motion>& generated, const std::vector<Motion>& real, const std::vector<float>& pose) {
  STG_CHECK(generated.size() == real.size(), "[l1_share] needs one real dance a generated one, got {} and {}",
            real.size(), generated.size());
  double ours = 0.0, still = 0.0;
  for (std::size_t i = 0; i < real.size(); ++i) {
    ours += l1(generated[i], real[i]);
    still += l1(still_motion(pose, real[i].frames(), real[i].fps), real[i]);
  }
  return ratio(ours, still);
}

}  // namespace stgmamba::metrics
