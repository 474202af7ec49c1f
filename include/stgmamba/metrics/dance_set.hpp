// SPDX-License-Identifier: MIT
// What a row of a table is made of, and what all its rows are measured against.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::metrics {

/// One dance of a few seconds to a stretch of a song. Every set of dances holds the same stretches.
struct Clip {
  skeleton::Motion motion;    // 10 frames/s, no joint missing
  std::vector<double> beats;  // s from its start
  std::size_t song = 0;       // in [0, Yardstick::songs)
  std::size_t real = 0;       // which real clip was danced to the same music
};

/// Dances to one stretch of music that differ by z alone (or by the dancer, where they are real).
struct Draws {
  std::size_t song = 0;
  std::vector<skeleton::Motion> dances;
};

struct DanceSet {
  std::vector<std::vector<Clip>> seeds;  // clips of each seed
  std::vector<Draws> draws;
  double seconds = -1.0;  // to make one clip; < 0: not measured

  std::size_t seed_count() const { return seeds.size(); }
};

/// Real dances and what is derived from them once: thresholds, scales, principal components.
class Yardstick {
 public:
  /// `training` may be empty: then nothing is said about memorising. Throws DataError when `real` is empty.
  Yardstick(std::size_t songs, DanceSet real, std::vector<skeleton::Motion> training);
  ~Yardstick();
  Yardstick(const Yardstick&) = delete;
  Yardstick& operator=(const Yardstick&) = delete;

  struct Parts;  // the sums over the real dances, songs apart
  const Parts& parts() const { return *parts_; }
  std::size_t songs() const { return songs_; }
  const DanceSet& real() const { return real_; }
  const std::vector<Clip>& clips() const { return real_.seeds.front(); }
  const std::vector<skeleton::Motion>& training() const { return training_; }
  double prominence() const { return prominence_; }                       // h, of kinematic beats
  const std::vector<float>& mean_pose() const { return mean_pose_; }      // [V, 2] px, of the real dances
  const std::vector<float>& median_pose() const { return median_pose_; }  // [V, 2] px, of the training dances
  double slow_speed() const { return slow_speed_; }                       // h/s, 20 % of the median frame's

 private:
  std::size_t songs_;
  DanceSet real_;
  std::vector<skeleton::Motion> training_;
  double prominence_ = 0.0, slow_speed_ = 0.0;
  std::vector<float> mean_pose_, median_pose_;
  std::unique_ptr<Parts> parts_;
};

/// Mean over all frames of each coordinate: [V, 2].
std::vector<float> mean_pose(const std::vector<Clip>& clips);

}  // namespace stgmamba::metrics
