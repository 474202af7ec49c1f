// SPDX-License-Identifier: MIT
// Beat Coverage and Beat Hit Rate (mdvs-and-metrics B3): counts of beats, pooled over clips before they are divided.
#pragma once

#include <vector>

#include "stgmamba/metrics/beat.hpp"

namespace stgmamba::metrics {

/// Kinematic beats that find a partner: each, in the order of time, takes the nearest music beat that is still free, if
/// that lies within `tolerance` seconds. Times ascend.
int matched_beats(const std::vector<double>& kinematic, const std::vector<double>& music, double tolerance);

/// Counts over clips with at least one music beat. `*_chance` are means over the phase shifts of BC* (beat.hpp).
struct BeatMatch {
  double music = 0.0, kinematic = 0.0, matched = 0.0;  // B_m, B_k, B_a
  double music_chance = 0.0, matched_chance = 0.0;     // with shifted beats: not as many lie inside the border
  double clips = 0.0, skipped = 0.0;                   // with and without music beats

  double coverage() const;  // B_k / B_m; NaN without music beats. Not bounded by 1
  double hit_rate() const;  // B_a / B_k; NaN without kinematic beats
  double recall() const;    // B_a / B_m: the share of music beats that are hit
  double hit_star() const;  // beyond chance; 0 = chance, 1 = every kinematic beat
  double recall_star() const;
  void add(const BeatMatch& other, double weight = 1.0);
};

/// Counts of one clip; `options.sigma` is not used.
BeatMatch match_beats(const skeleton::Motion& motion, const std::vector<double>& music_beats, double tolerance,
                      const BeatOptions& options = {});

}  // namespace stgmamba::metrics
