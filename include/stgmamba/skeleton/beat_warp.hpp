// SPDX-License-Identifier: MIT
// Time counted in beats: a dance is laid onto other beats by keeping its place between them.
#pragma once

#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::skeleton {

/// Time in s of a position among beats (2.25: a quarter of the way from the third to the fourth), linear between two.
/// Before the first beat and after the last the period next to it goes on. Beats ascend; at least two.
double time_at(const std::vector<double>& beats, double position);
/// The position at a time: the inverse of `time_at`.
double position_at(const std::vector<double>& beats, double seconds);

/// What is danced from the first to the last of the beats `from`, played so that its beat k falls on beat k of `to`:
/// frame i at `fps` is the pose at the same position among `from` that to.front() + i / fps has among `to`. Throws
/// BugError unless both lists ascend and have the same length, at least 2.
Motion warp_to_beats(const Motion& motion, const std::vector<double>& from, const std::vector<double>& to, double fps);

}  // namespace stgmamba::skeleton
