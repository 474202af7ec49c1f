// SPDX-License-Identifier: MIT
// Choreography for a song of known beats: what music decides (timing, amplitude, family of figures) and what it leaves
// free (the figure, the dancer) are separate, so that each has a known ceiling.
#pragma once

#include <cstdint>

#include "stgmamba/skeleton/motion.hpp"
#include "stgmamba/synth/song.hpp"

namespace stgmamba::synth {

struct DanceOptions {
  double coupling = 1.0;   // 0..1: share of the phrases that follow the music; the others follow a clock of their own
  double diversity = 1.0;  // 0..1: spread of dancers and figures; 0: every dance of a song is nearly the same
};

struct Dance {
  skeleton::Motion3 motion3;  // 30 fps, metres, constant bone lengths
  skeleton::Motion motion;    // the same in the 640x360 frame
};

inline constexpr double kDanceFps = 30.0;

/// A function of the song, the seed and the options. `dance_seed` picks dancer, figures, jitter and skipped beats.
/// Throws UsageError for options outside 0..1 and for a song with fewer than two beats.
Dance make_dance(const Song& song, std::uint64_t dance_seed, const DanceOptions& options = {});

}  // namespace stgmamba::synth
