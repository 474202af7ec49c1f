// SPDX-License-Identifier: MIT
// A dance laid onto the beats of a song that it was not danced to.
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/data/import.hpp"
#include "stgmamba/metrics/beat.hpp"

namespace stgmamba::data {

inline constexpr double kShortestPiece = 5.0;  // s: the window that training cuts

/// The beats of a song that are danced to, in s: the first and every `warp.every`-th after it. At the stated tempo
/// from `warp.first_beat` on where that is given, else as the tracker hears them.
std::vector<double> danced_beats(const media::Audio& song, const WarpOptions& warp);

/// Beats a minute of the median gap. Needs two beats.
double tempo_of(const std::vector<double>& beats);

struct WarpedTake {
  struct Piece {
    skeleton::Motion motion;    // from one beat of the song to another
    double taken = 0.0;         // s, where in the take it begins
    std::vector<double> beats;  // s in the song, its first and last among them
  };
  std::vector<Piece> pieces;
  std::int64_t refused = 0;         // gaps between beats that would have to be played too fast or too slowly
  std::int64_t too_short = 0;       // stretches between those that are under kShortestPiece
  metrics::BeatScore even, warped;  // the pieces against the song's beats: each at one pace, and warped
};

/// Beat k of the motion's `own` beats falls on beat k of `danced`, which has at least as many; both in s. Where a gap's
/// rate lies beyond `max_rate` or its inverse, the take is cut and nothing of the gap remains.
WarpedTake warp_take(const skeleton::Motion& motion, const std::vector<double>& own, const std::vector<double>& danced,
                     double max_rate);

}  // namespace stgmamba::data
