// SPDX-License-Identifier: MIT
// How much and how smoothly a dance moves beside real ones, and how far draws differ (mdvs-and-metrics B0, B6, B11).
// Computed in reference pixels; speeds in h/s, jerks in h/s^3, variances in h^2 (h = 180 px). Missing joints are left
// out.
#pragma once

#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::metrics {

/// Median over joints and frames, over all motions: speed in h/s, jerk (third difference) in h/s^3.
double median_speed(const std::vector<skeleton::Motion>& motions);
double median_jerk(const std::vector<skeleton::Motion>& motions);

/// Lengths of the n-th finite difference of every joint's path times fps^n, in h and seconds; NaN next to missing
/// joints: n = 1 speeds, n = 3 jerks. [(F - n) * V]
std::vector<double> difference_lengths(const skeleton::Motion& motion, int order);

/// Share of frames whose mean joint speed is under `share` of that of the real dances' median frame: frozen motion.
double slow_share(const std::vector<skeleton::Motion>& generated, const std::vector<skeleton::Motion>& real,
                  double share = 0.2);
/// Mean speed of the seen joints over each step, in h/s; NaN where none is seen. [F - 1]
std::vector<double> frame_speeds(const skeleton::Motion& motion);

/// Generated over real; 1 = as real. 0 when the real ones do not move.
double speed_ratio(const std::vector<skeleton::Motion>& generated, const std::vector<skeleton::Motion>& real);
double jerk_ratio(const std::vector<skeleton::Motion>& generated, const std::vector<skeleton::Motion>& real);

/// Population variance over the draws of each (frame, joint, coordinate), averaged, in h^2. 0 for fewer than two draws.
/// The shortest draw sets the length. Root-centred (neck) when `centred`, as PVar.
double draw_variance(const std::vector<skeleton::Motion>& draws, bool centred = false);

/// Median over all frames of all motions of each coordinate, pixels. [V, 2]
std::vector<float> median_pose(const std::vector<skeleton::Motion>& motions);
/// A constant motion: `pose` [V, 2] for `frames` frames.
skeleton::Motion still_motion(const std::vector<float>& pose, std::int64_t frames, double fps);

/// Mean absolute difference over coordinates in pixels, over the shared frames.
double l1(const skeleton::Motion& a, const skeleton::Motion& b);
/// L1 of the generated dances as a share of the L1 of the constant `pose` (B11, item 10): under 1 beats the median
/// pose.
double l1_share(const std::vector<skeleton::Motion>& generated, const std::vector<skeleton::Motion>& real,
                const std::vector<float>& pose);

}  // namespace stgmamba::metrics
