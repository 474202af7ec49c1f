// SPDX-License-Identifier: MIT
// What validation says about generated dances beside L1: do they move as much and as smoothly as real ones, and do they
// hear the music?
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stgmamba/skeleton/motion.hpp"
#include "stgmamba/train/task.hpp"

namespace stgmamba::train {

class DanceScores {
 public:
  struct Window {
    skeleton::Motion generated, real;  // pixels
    std::vector<double> beats;         // s from the window's start
    std::string song;
  };
  void add(Window window) { windows_.push_back(std::move(window)); }

  /// speed_ratio, jerk_ratio; and where windows have beats: bc, bc_star, bc_star_real (the true dance) and
  /// bc_star_swapped (the generated dance against the beats of another song, where there is one).
  Scalars summary(const std::string& prefix) const;

 private:
  std::vector<Window> windows_;
};

}  // namespace stgmamba::train
