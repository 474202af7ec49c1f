// SPDX-License-Identifier: MIT
// Key poses of the three styles: families of figures that sections call for, and the figures inside a family that are
// the dancer's own choice.
#pragma once

#include "stgmamba/synth/song.hpp"

#include "body.hpp"

namespace stgmamba::synth {

inline constexpr int kFigures = 8;  // in every family

/// How a style moves from one key pose to the next.
struct Manner {
  double eased = 1.0;      // share of the path that stops at key poses; the rest flows on
  double hold_before = 0;  // share of a beat that the previous pose is held ...
  double hold_after = 0;   // ... and that the new one has been reached already
  double drift = 0.0;      // share of the path that goes on during holds
  double bounce = 0.0;     // m, knees between the beats
  double lift = 0.0;       // m, most that a stepping foot rises
  double free_arms = 0.0;  // probability that a figure has arms of its own on a beat
  double free_body = 1.0;  // size of what figures change elsewhere
  double turnout = 20.0;   // degrees
  double sway = 1.0;       // size of the slow sway that never stops; poppers keep what they do not move still
};
const Manner& manner_of(Style style);

/// How a dancer of the style stands when nothing happens: what amplitude scales poses away from.
Pose rest_pose(Style style);

struct FigureBeat {
  SectionKind family = SectionKind::kVerse;
  int figure = 0;  // 0..kFigures-1; the same choice gives every dancer the same key poses
  int in_bar = 0;  // 0..2 (ballet) or 0..3
  bool odd_bar = false;
};
/// Key pose; `diversity` 0 gives the family's own pose whatever the figure.
Pose key_pose(Style style, const FigureBeat& beat, double diversity);

}  // namespace stgmamba::synth
