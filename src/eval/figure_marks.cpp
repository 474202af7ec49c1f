// SPDX-License-Identifier: MIT
#include "stgmamba/eval/figure_marks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::eval {

using skeleton::Motion;

namespace {

constexpr double kNearestShare = 0.05;  // of real pairs that count as repeated
constexpr double kOutside = 0.001;      // of real limbs, on each side
constexpr double kTolerance = 0.1;
constexpr int kBodyJoints = skeleton::kRightEye;  // eyes and ears come last

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The value that a share `q` of `values` is not above.
double quantile(std::vector<double> values, double q) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

bool seen(const Motion& motion, std::int64_t frame, int joint) {
  return !motion.missing(frame, joint) && std::isfinite(motion.x(frame, joint)) &&
         std::isfinite(motion.y(frame, joint));
}

/// px; NaN where an end is missing.
double limb_length(const Motion& motion, std::int64_t frame, int from, int to) {
  if (!seen(motion, frame, from) || !seen(motion, frame, to)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::hypot(motion.x(frame, from) - motion.x(frame, to), motion.y(frame, from) - motion.y(frame, to));
}

bool is_distorted(const MarkRule& rule, const Motion& motion, std::int64_t frame, double torso) {
  return std::any_of(rule.limbs.begin(), rule.limbs.end(), [&](const MarkRule::Limb& limb) {
    const double length = limb_length(motion, frame, limb.from, limb.to) / torso;
    return length < limb.shortest || length > limb.longest;  // NaN is neither
  });
}

}  // namespace

double torso_length(const Motion& motion) {
  std::vector<double> lengths;
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    if (seen(motion, f, skeleton::kNeck) && seen(motion, f, skeleton::kRightHip) &&
        seen(motion, f, skeleton::kLeftHip)) {
      const double x = 0.5 * (motion.x(f, skeleton::kRightHip) + motion.x(f, skeleton::kLeftHip));
      const double y = 0.5 * (motion.y(f, skeleton::kRightHip) + motion.y(f, skeleton::kLeftHip));
      lengths.push_back(std::hypot(motion.x(f, skeleton::kNeck) - x, motion.y(f, skeleton::kNeck) - y));
    }
  }
  return lengths.empty() ? 0.0 : median(std::move(lengths));
}

double pose_distance(const Motion& motion, std::int64_t a, std::int64_t b) {
  if (!seen(motion, a, skeleton::kNeck) || !seen(motion, b, skeleton::kNeck)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double dx = motion.x(b, skeleton::kNeck) - motion.x(a, skeleton::kNeck);
  const double dy = motion.y(b, skeleton::kNeck) - motion.y(a, skeleton::kNeck);
  double sum = 0.0;
  int joints = 0;
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (seen(motion, a, v) && seen(motion, b, v)) {
      sum += std::hypot(motion.x(b, v) - motion.x(a, v) - dx, motion.y(b, v) - motion.y(a, v) - dy);
      ++joints;
    }
  }
  return sum / joints;  // the neck is one of them
}

MarkRule learn_marks(const std::vector<Motion>& real, std::int64_t step) {
  STG_CHECK(step >= 1, "[learn_marks] step must be positive, got {}", step);
  MarkRule rule;
  rule.step = step;
  std::vector<double> distances;
  std::vector<std::vector<double>> lengths(skeleton::drawing_limbs().size());
  for (const Motion& motion : real) {
    const double torso = torso_length(motion);
    if (torso <= 0.0) {
      continue;
    }
    for (std::int64_t f = 0; f < motion.frames(); ++f) {
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        const auto [from, to] = skeleton::drawing_limbs()[i];
        const double length = limb_length(motion, f, from, to) / torso;
        if (from < kBodyJoints && to < kBodyJoints && std::isfinite(length)) {
          lengths[i].push_back(length);
        }
      }
      const double distance = f + step < motion.frames() ? pose_distance(motion, f, f + step) / torso : std::nan("");
      if (std::isfinite(distance)) {
        distances.push_back(distance);
      }
    }
  }
  if (distances.empty()) {
    throw DataError("no real dance of more than {} frames shows neck and hips, so nothing says which frames repeat",
                    step);
  }
  rule.nearest = quantile(std::move(distances), kNearestShare);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (!lengths[i].empty()) {
      const auto [from, to] = skeleton::drawing_limbs()[i];
      rule.limbs.push_back({from, to, (1.0 - kTolerance) * quantile(lengths[i], kOutside),
                            (1.0 + kTolerance) * quantile(lengths[i], 1.0 - kOutside)});
    }
  }
  return rule;
}

Marks mark_frames(const MarkRule& rule, const Motion& motion, const std::vector<std::int64_t>& frames) {
  Marks marks;
  const double torso = torso_length(motion);
  if (torso <= 0.0) {
    return marks;
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (is_distorted(rule, motion, frames[i], torso)) {
      marks.distorted.push_back(i);
    }
    if (i == 0 || !(pose_distance(motion, frames[i - 1], frames[i]) / torso <= rule.nearest)) {
      continue;
    }
    if (!marks.repeated.empty() && marks.repeated.back().second == i - 1) {
      marks.repeated.back().second = i;
    } else {
      marks.repeated.emplace_back(i - 1, i);
    }
  }
  return marks;
}

std::string MarkRule::text() const {
  return fmt::format(
      "Red dashed boxes. Over two frames or more: repeated, each is within {:.3f} torsos of the one before (mean over "
      "the joints, necks on each other), as only {:.0f} % of real frames {} apart are. On one frame: distorted, a limb "
      "of the body is longer or shorter than the middle {:.1f} % of real ones by over a tenth, in torsos. A torso is "
      "the clip's own median length from neck to mid-hip.",
      nearest, 100.0 * kNearestShare, step == 1 ? "one frame" : fmt::format("{} frames", step),
      100.0 * (1.0 - 2.0 * kOutside));
}

}  // namespace stgmamba::eval
