// SPDX-License-Identifier: MIT
// Does the dance hear the music? Kinematic beats, beat consistency and what chance alone would score
// (mdvs-and-metrics B0, B2, B4, B11). Lengths in h (180 reference pixels), times in seconds.
#pragma once

#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::metrics {

struct BeatOptions {
  double sigma = 0.1;       // s, tolerance of the consistency
  double prominence = 0.0;  // h, rise of the envelope that a minimum needs on both sides; see `default_prominence`
  int order = 0;            // frames on each side that a minimum must undercut; 0: `beat_order(fps)`
  bool border_rule = true;  // leave out music beats too near the clip's ends for a minimum to be found
};

/// max(1, round(fps / 6)): a sixth of a second, as AIST++.
int beat_order(double fps);

/// Summed joint speed between frames i-1 and i, in h per frame; entry 0 is 0. [F]
std::vector<double> motion_envelope(const skeleton::Motion& motion);

/// 10 % of the median envelope of real dances: what `BeatOptions::prominence` should be set to (B11, item 2).
double default_prominence(const std::vector<skeleton::Motion>& real);

/// Strict minima of an envelope, at (i - 0.5) / fps: the motion between two frames. Plateaus give no beat.
std::vector<double> envelope_beats(const std::vector<double>& envelope, double fps, const BeatOptions& options = {});
std::vector<double> kinematic_beats(const skeleton::Motion& motion, const BeatOptions& options = {});

/// (1/|from|) sum over x in `from` of exp(-d(x)^2 / (2 sigma^2)), d = distance to the nearest of `to`. 0 when `to` is
/// empty, NaN when `from` is.
double consistency(const std::vector<double>& from, const std::vector<double>& to, double sigma);

/// Seconds at either end of a clip in which no minimum can be found: order / fps; below 0, so that every music beat
/// counts, without the border rule.
double border_seconds(const BeatOptions& options, double fps);
/// Beats at least `border` seconds away from both ends of a clip of `seconds`.
std::vector<double> inside_border(const std::vector<double>& beats, double seconds, double border);

/// Every beat moved by `share` (0..1) of the period that follows it, with one more in front so that the start stays
/// covered. Needs two beats.
std::vector<double> phase_shifted(const std::vector<double>& beats, double share);

/// How far a score lies above what chance alone gives: (score - chance) / (1 - chance). 0 where chance is 1.
double beyond_chance(double score, double chance);

inline constexpr int kPhaseShifts = 16;
/// `phase_shifted` by (k + 1/2) / 16 of the period, k = 0 to 15: the beats that give the chance level.
std::vector<std::vector<double>> phase_shifts(const std::vector<double>& beats);

/// Sums over clips; the scores are read at the end, because BC* is a ratio of means.
struct BeatScore {
  double bc_sum = 0.0, bc_chance_sum = 0.0;      // music -> kinematic
  double bc_k_sum = 0.0, bc_k_chance_sum = 0.0;  // kinematic -> music
  double clips = 0.0;                            // with at least one music beat
  double skipped = 0.0;                          // without
  double music_beats = 0.0, kinematic_beats = 0.0;

  double bc() const;         // NaN without clips, as all below
  double bc_chance() const;  // mean over the phase shifts
  double bc_star() const;    // (BC - chance) / (1 - chance)
  double bc_k() const;       // the other direction, which rewards few and well-placed beats
  double bc_k_star() const;
  void add(const BeatScore& other, double weight = 1.0);
  BeatScore& operator+=(const BeatScore& other);
};

/// Score of one clip against the music beats, in seconds from its first frame.
BeatScore beat_consistency(const skeleton::Motion& motion, const std::vector<double>& music_beats,
                           const BeatOptions& options = {});

}  // namespace stgmamba::metrics
