// SPDX-License-Identifier: MIT
// The beats that a dance keeps by itself, without music.
#pragma once

#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::data {

/// Times in s, ascending: the chain of moments in which the body is slow beside what it does around them, as near to
/// `bpm` beats a minute as they allow (the dynamic programming of music/beat.hpp; gaps between half and twice the
/// period). Empty where nothing moves. Throws DataError when no joint is ever seen.
std::vector<double> steady_beats(const skeleton::Motion& motion, double bpm);

}  // namespace stgmamba::data
