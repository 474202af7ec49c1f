// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "stgmamba/synth/song.hpp"

namespace stgmamba::synth {

/// Samples for the beats, sections and energies of `song` in its style; the audio field is not read.
std::vector<float> arrange(const Song& song);

}  // namespace stgmamba::synth
