// SPDX-License-Identifier: MIT
// A moving skeleton in memory. A missing joint is NaN in both coordinates with score 0, never (0, 0).
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::skeleton {

/// 2-D motion, OpenPose-18, pixels of the 640x360 reference frame unless said otherwise.
struct Motion {
  double fps = 10.0;
  std::vector<float> xy;     // [F, V, 2]; frame i is taken at i / fps
  std::vector<float> score;  // [F, V] in [0, 1]; 0 = missing

  Motion() = default;
  Motion(std::int64_t frames, double fps_);  // everything missing
  std::int64_t frames() const { return static_cast<std::int64_t>(score.size()) / kJoints; }
  double seconds() const { return static_cast<double>(frames()) / fps; }
  float& x(std::int64_t frame, int joint) { return xy[static_cast<std::size_t>((frame * kJoints + joint) * 2)]; }
  float& y(std::int64_t frame, int joint) { return xy[static_cast<std::size_t>((frame * kJoints + joint) * 2 + 1)]; }
  float x(std::int64_t frame, int joint) const { return xy[static_cast<std::size_t>((frame * kJoints + joint) * 2)]; }
  float y(std::int64_t frame, int joint) const {
    return xy[static_cast<std::size_t>((frame * kJoints + joint) * 2 + 1)];
  }
  bool missing(std::int64_t frame, int joint) const {
    return score[static_cast<std::size_t>(frame * kJoints + joint)] <= 0.0F;
  }
};

/// 3-D motion, OpenPose-18, metres, y up, x to the dancer's left when facing +z.
struct Motion3 {
  double fps = 30.0;
  std::vector<float> xyz;  // [F, V, 3]
  std::int64_t frames() const { return static_cast<std::int64_t>(xyz.size()) / (kJoints * 3); }
};

/// Share of missing joint-frames.
double missing_share(const Motion& motion);
/// The explicit fill step: linear in time per joint, held at the ends; a joint that is never seen is placed at an
/// upright figure's offset from its nearest seen neighbour in the graph, scaled by the dancer's mean neck-to-hip length
/// (60 px where that is not seen). Scores of filled joints stay 0. Throws DataError when more than `max_share` is
/// missing (default from mdvs-and-metrics A1: 20 %).
void fill_missing(Motion& motion, double max_share = 0.2);

/// Pixels to MDVS coordinates and back: x' = x / 320 - 1, y' = y / 180 - 1.
std::vector<float> normalise(const std::vector<float>& xy);
std::vector<float> denormalise(const std::vector<float>& xy);

/// The poses at places between frames (2.25: a quarter of the way from frame 2 to frame 3; held at the ends), as a
/// motion of `fps`: cubic (Catmull-Rom) in time, linear next to missing joints, NaN inside gaps.
Motion poses_at(const Motion& motion, const std::vector<double>& places, double fps);
/// Another frame rate, by `poses_at`. The output has every frame i with i / fps inside the input's span.
Motion resample(const Motion& motion, double fps);
/// Left and right swapped, x mirrored about the frame's centre.
Motion mirror(const Motion& motion);
/// Frames [first, first + count).
Motion slice(const Motion& motion, std::int64_t first, std::int64_t count);

}  // namespace stgmamba::skeleton
