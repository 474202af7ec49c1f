// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/motion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Fills one joint linearly in time and holds it at the ends; false when it is never seen.
bool fill_joint(Motion& motion, int joint) {
  const std::int64_t frames = motion.frames();
  std::int64_t before = -1;
  for (std::int64_t frame = 0; frame <= frames; ++frame) {
    if (frame < frames && motion.missing(frame, joint)) {
      continue;
    }
    if (before < 0 && frame == frames) {
      return false;
    }
    for (std::int64_t gap = before + 1; gap < frame; ++gap) {
      const std::int64_t left = before < 0 ? frame : before;
      const std::int64_t right = frame == frames ? before : frame;
      const float share = right == left ? 0.0F : static_cast<float>(gap - left) / static_cast<float>(right - left);
      motion.x(gap, joint) = motion.x(left, joint) + share * (motion.x(right, joint) - motion.x(left, joint));
      motion.y(gap, joint) = motion.y(left, joint) + share * (motion.y(right, joint) - motion.y(left, joint));
    }
    before = frame;
  }
  return true;
}

/// The upright figure that stands in for the offsets of joints that are never seen, in shares of the neck-to-hip
/// length.
constexpr std::array<std::array<float, 2>, kJoints> kFigure = {{{0.0F, -0.35F},
                                                                {0.0F, 0.0F},
                                                                {-0.35F, 0.0F},
                                                                {-0.45F, 0.5F},
                                                                {-0.5F, 0.95F},
                                                                {0.35F, 0.0F},
                                                                {0.45F, 0.5F},
                                                                {0.5F, 0.95F},
                                                                {-0.2F, 1.0F},
                                                                {-0.22F, 1.8F},
                                                                {-0.24F, 2.6F},
                                                                {0.2F, 1.0F},
                                                                {0.22F, 1.8F},
                                                                {0.24F, 2.6F},
                                                                {-0.06F, -0.4F},
                                                                {0.06F, -0.4F},
                                                                {-0.14F, -0.37F},
                                                                {0.14F, -0.37F}}};
constexpr float kTorso = 60.0F;  // pixels from neck to hips of a typical dancer in the reference frame

/// The figure's unit for this dancer: the mean length from the neck to the middle of the hips.
float torso_length(const Motion& motion) {
  double sum = 0;
  int count = 0;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    if (motion.missing(frame, kNeck) || motion.missing(frame, kRightHip) || motion.missing(frame, kLeftHip)) {
      continue;
    }
    sum += std::hypot((motion.x(frame, kRightHip) + motion.x(frame, kLeftHip)) / 2 - motion.x(frame, kNeck),
                      (motion.y(frame, kRightHip) + motion.y(frame, kLeftHip)) / 2 - motion.y(frame, kNeck));
    ++count;
  }
  return count > 0 ? static_cast<float>(sum / count) : kTorso;
}

/// Places a joint that is never seen at the figure's offset from its nearest seen neighbour in the graph.
void place_joint(Motion& motion, int joint, const std::array<bool, kJoints>& seen) {
  std::array<int, kJoints> hops{};
  hops.fill(kJoints + 1);
  hops[static_cast<std::size_t>(joint)] = 0;
  for (int round = 0; round < kJoints; ++round) {
    for (const auto& [a, b] : graph_edges()) {
      auto& left = hops[static_cast<std::size_t>(a)];
      auto& right = hops[static_cast<std::size_t>(b)];
      left = std::min(left, right + 1);
      right = std::min(right, left + 1);
    }
  }
  int nearest = -1;
  for (int other = 0; other < kJoints; ++other) {
    const auto o = static_cast<std::size_t>(other);
    if (seen[o] && (nearest < 0 || hops[o] < hops[static_cast<std::size_t>(nearest)])) {
      nearest = other;
    }
  }
  const float unit = torso_length(motion);
  const auto& own = kFigure[static_cast<std::size_t>(joint)];
  const auto& known = kFigure[static_cast<std::size_t>(nearest)];
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    motion.x(frame, joint) = motion.x(frame, nearest) + unit * (own[0] - known[0]);
    motion.y(frame, joint) = motion.y(frame, nearest) + unit * (own[1] - known[1]);
  }
}

/// Catmull-Rom through p1 and p2; linear where an outer neighbour is missing.
float interpolate(float p0, float p1, float p2, float p3, float t) {
  if (std::isnan(p0)) {
    p0 = 2 * p1 - p2;
  }
  if (std::isnan(p3)) {
    p3 = 2 * p2 - p1;
  }
  const float a = 2 * p1;
  const float b = p2 - p0;
  const float c = 2 * p0 - 5 * p1 + 4 * p2 - p3;
  const float d = -p0 + 3 * p1 - 3 * p2 + p3;
  return 0.5F * (a + t * (b + t * (c + t * d)));
}

}  // namespace

Motion::Motion(std::int64_t frames, double fps_)
    : fps(fps_),
      xy(static_cast<std::size_t>(frames) * kJoints * 2, kNan),
      score(static_cast<std::size_t>(frames) * kJoints, 0.0F) {}

double missing_share(const Motion& motion) {
  if (motion.score.empty()) {
    return 1.0;
  }
  const auto missing = std::count_if(motion.score.begin(), motion.score.end(), [](float s) { return s <= 0.0F; });
  return static_cast<double>(missing) / static_cast<double>(motion.score.size());
}

void fill_missing(Motion& motion, double max_share) {
  const double share = missing_share(motion);
  if (share > max_share) {
    throw DataError("{:.0f} % of the joints are missing; at most {:.0f} % can be filled", 100 * share, 100 * max_share);
  }
  std::array<bool, kJoints> seen{};
  for (int joint = 0; joint < kJoints; ++joint) {
    seen[static_cast<std::size_t>(joint)] = fill_joint(motion, joint);
  }
  if (std::none_of(seen.begin(), seen.end(), [](bool s) { return s; })) {
    throw DataError("no joint is ever seen");
  }
  for (int joint = 0; joint < kJoints; ++joint) {
    if (!seen[static_cast<std::size_t>(joint)]) {
      place_joint(motion, joint, seen);
    }
  }
}

std::vector<float> normalise(const std::vector<float>& xy) {
  std::vector<float> out(xy.size());
  for (std::size_t i = 0; i + 1 < xy.size(); i += 2) {
    out[i] = xy[i] / 320.0F - 1.0F;
    out[i + 1] = xy[i + 1] / 180.0F - 1.0F;
  }
  return out;
}

std::vector<float> denormalise(const std::vector<float>& xy) {
  std::vector<float> out(xy.size());
  for (std::size_t i = 0; i + 1 < xy.size(); i += 2) {
    out[i] = (xy[i] + 1.0F) * 320.0F;
    out[i + 1] = (xy[i + 1] + 1.0F) * 180.0F;
  }
  return out;
}

Motion poses_at(const Motion& motion, const std::vector<double>& places, double fps) {
  const std::int64_t frames = motion.frames();
  STG_CHECK(frames > 0, "[poses_at] needs a motion with frames, got {}", frames);
  Motion out(std::ssize(places), fps);
  const auto coordinate = [&](std::int64_t frame, std::int64_t row) {
    const bool inside = frame >= 0 && frame < frames;
    return inside && motion.score[static_cast<std::size_t>(frame * kJoints + row / 2)] > 0.0F
               ? motion.xy[static_cast<std::size_t>(frame * kJoints * 2 + row)]
               : kNan;
  };
  for (std::int64_t i = 0; i < out.frames(); ++i) {
    const double at = std::clamp(places[static_cast<std::size_t>(i)], 0.0, static_cast<double>(frames - 1));
    const auto base = std::min<std::int64_t>(static_cast<std::int64_t>(at), std::max<std::int64_t>(frames - 2, 0));
    const auto t = static_cast<float>(at - static_cast<double>(base));
    for (std::int64_t row = 0; row < kJoints * 2; ++row) {
      const float left = coordinate(base, row);
      const float right = frames > 1 ? coordinate(base + 1, row) : left;
      const float value = t < 1e-6F ? left
                          : t > 0.999999F
                              ? right
                              : interpolate(coordinate(base - 1, row), left, right, coordinate(base + 2, row), t);
      out.xy[static_cast<std::size_t>(i * kJoints * 2 + row)] = value;
      const float left_score = motion.score[static_cast<std::size_t>(base * kJoints + row / 2)];
      const float right_score =
          motion.score[static_cast<std::size_t>(std::min(base + 1, frames - 1) * kJoints + row / 2)];
      out.score[static_cast<std::size_t>(i * kJoints + row / 2)] =
          std::isnan(value) ? 0.0F : left_score + t * (right_score - left_score);
    }
  }
  return out;
}

Motion resample(const Motion& motion, double fps) {
  STG_CHECK(fps > 0 && motion.fps > 0, "[resample] frame rates must be above 0, got {} and {}", motion.fps, fps);
  const std::int64_t frames = motion.frames();
  if (frames == 0 || fps == motion.fps) {
    Motion same = motion;
    same.fps = fps;
    return same;
  }
  const double last = static_cast<double>(frames - 1) / motion.fps;
  std::vector<double> places(static_cast<std::size_t>(std::floor(last * fps + 1e-9)) + 1);
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<double>(i) * motion.fps / fps;
  }
  return poses_at(motion, places, fps);
}

Motion mirror(const Motion& motion) {
  Motion out = motion;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      const int from = mirror_pairs()[static_cast<std::size_t>(joint)];
      out.x(frame, joint) = static_cast<float>(kFrameWidth) - motion.x(frame, from);
      out.y(frame, joint) = motion.y(frame, from);
      out.score[static_cast<std::size_t>(frame * kJoints + joint)] =
          motion.score[static_cast<std::size_t>(frame * kJoints + from)];
    }
  }
  return out;
}

Motion slice(const Motion& motion, std::int64_t first, std::int64_t count) {
  STG_CHECK(first >= 0 && count >= 0 && first + count <= motion.frames(), "[slice] frames {}..{} of {}", first,
            first + count, motion.frames());
  Motion out(count, motion.fps);
  std::copy_n(motion.xy.begin() + first * kJoints * 2, count * kJoints * 2, out.xy.begin());
  std::copy_n(motion.score.begin() + first * kJoints, count * kJoints, out.score.begin());
  return out;
}

}  // namespace stgmamba::skeleton
