// SPDX-License-Identifier: MIT
// Figures 5 to 7: one song, a strip of frames a method, the real dance last, repeated and distorted frames in red
// dashed boxes (eval/figure_marks.hpp). Figure 8: the same song, several draws of z laid over each other.
#pragma once

#include <string>
#include <vector>

#include "stgmamba/eval/figure.hpp"
#include "stgmamba/eval/figure_marks.hpp"

namespace stgmamba::eval {

/// One row: dances of 5 s at 10 frames/s. A strip shows the first of them, an overlay all.
struct StripRow {
  std::string label;
  std::vector<skeleton::Motion> dances;
};

inline constexpr std::int64_t kStripFrames = 8;
inline constexpr std::int64_t kStripStep = 6;  // frames between two of them: 0.6 s

/// The frames of a clip that a strip shows: kStripFrames of them, kStripStep apart, in its middle.
std::vector<std::int64_t> strip_frames();

/// Figures 5 to 7. Rows in their order; `rule` is learned at kStripStep.
Figure draw_strips(const Stretch& stretch, const std::vector<StripRow>& rows, const MarkRule& rule);

/// Figure 8. Every row's numbers hold the variance between its dances (metrics::draw_variance, root-centred).
Figure draw_overlays(const Stretch& stretch, const std::vector<StripRow>& rows);

}  // namespace stgmamba::eval
