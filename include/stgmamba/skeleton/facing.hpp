// SPDX-License-Identifier: MIT
// Which side of a dancer is nearer to the camera: what a flat drawing needs to put limbs before or behind each other.
#pragma once

#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::skeleton {

enum class NearSide { kBoth, kRight, kLeft };

/// One entry a frame, from 2-D joints alone: a dancer whose shoulders appear under 55 % of their usual width (the 90th
/// percentile of the motion) is turned, towards the side that the nose is off the shoulders' middle, until the width is
/// over 70 % again. Missing joints keep the last answer.
std::vector<NearSide> near_sides(const Motion& motion);

}  // namespace stgmamba::skeleton
