// SPDX-License-Identifier: MIT
// Which frames of a strip the figures put into red dashed boxes. The rule, with limits learned from the real dances:
//
//   repeated   two frames that stand side by side in the strip are nearer to each other than all but 5 % of real frames
//              as far apart in time: mean over the joints of the distance after moving both necks onto each other.
//              One box stands over both; neighbouring pairs share a box.
//   distorted  a limb of the body is longer or shorter than real ones: outside their middle 99.8 %, by a tenth.
//              The box stands on the one frame.
//
// Both are measured in torsos, the clip's own median length from neck to mid-hip, so that a dancer's distance from the
// camera does not matter. Eyes and ears are left out of limbs: a turning head makes theirs any length.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::eval {

struct MarkRule {
  struct Limb {
    int from = 0, to = 0;                  // joints
    double shortest = 0.0, longest = 0.0;  // torsos, the tenth included
  };
  std::int64_t step = 1;  // frames between neighbours of the strip
  double nearest = 0.0;   // torsos; pairs up to here are repeated
  std::vector<Limb> limbs;
  std::string text() const;  // the rule in words, with its numbers
};

/// Limits for strips that show every `step`-th frame. Throws DataError when the dances show no torso or are too short.
MarkRule learn_marks(const std::vector<skeleton::Motion>& real, std::int64_t step);

/// Indices into the strip's frames.
struct Marks {
  std::vector<std::pair<std::size_t, std::size_t>> repeated;  // first and last of a run of two frames or more
  std::vector<std::size_t> distorted;
};

/// `frames` of `motion` in the order of the strip, `rule.step` apart. Nothing is marked where no torso is seen.
Marks mark_frames(const MarkRule& rule, const skeleton::Motion& motion, const std::vector<std::int64_t>& frames);

/// Median over the frames of the length from the neck to the middle of the hips, px; 0 where it is never seen.
double torso_length(const skeleton::Motion& motion);
/// Mean over the joints seen in both frames of the distance once the necks lie on each other, px; NaN: no neck.
double pose_distance(const skeleton::Motion& motion, std::int64_t a, std::int64_t b);

}  // namespace stgmamba::eval
