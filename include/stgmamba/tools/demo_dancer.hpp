// SPDX-License-Identifier: MIT
// The dancer that needs no model: the synthetic corpus's choreography on any song.
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/infer/long_song.hpp"

namespace stgmamba::tools {

/// Dances to `audio` (16 kHz mono) by its tracked beats and loudness. Not a trained model, and never a fallback: only
/// `--motion demo` asks for it.
infer::Dance demo_dance(const media::Audio& audio, std::uint64_t seed, std::int64_t variants);

/// Beats of `audio` in seconds, tracked; two a second, with a warning, where none are found.
std::vector<double> heard_beats(const media::Audio& audio);

}  // namespace stgmamba::tools
