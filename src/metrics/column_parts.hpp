// SPDX-License-Identifier: MIT
// Sums of a set of dances for each song and seed, shared by the columns and by the yardstick.
#pragma once

#include <vector>

#include "stgmamba/metrics/bootstrap.hpp"
#include "stgmamba/metrics/columns.hpp"
#include "stgmamba/metrics/dance_set.hpp"
#include "stgmamba/metrics/frechet.hpp"
#include "stgmamba/metrics/mmd.hpp"
#include "stgmamba/metrics/nearest.hpp"

namespace stgmamba::metrics {

/// Weighted sum over a weighted count.
struct MeanSum {
  double sum = 0.0, count = 0.0;
  void add(const MeanSum& other, double weight) {
    sum += weight * other.sum;
    count += weight * other.count;
  }
  double mean() const;  // NaN for none
};

/// Values in order, each with its song and seed, so that a weighted median is one walk.
class SortedValues {
 public:
  void add(double value, std::size_t song, std::size_t seed);  // NaN is left out
  void sort();
  double median(const Weights& weights) const;  // 0 for none

 private:
  struct Entry {
    double value;
    std::uint32_t song, seed;
  };
  std::vector<Entry> entries_;
};

/// `visit(clip, song, seed)` for every clip.
template <typename Visit>
void for_each_clip(const DanceSet& dances, const Visit& visit) {
  for (std::size_t seed = 0; seed < dances.seeds.size(); ++seed) {
    for (const Clip& clip : dances.seeds[seed]) {
      visit(clip, clip.song, seed);
    }
  }
}

/// Weighted mean over the seeds of `score(weights of that seed alone)`: for scores that depend on how many clips there
/// are, so that rows of one and of many seeds compare.
template <typename Score>
double mean_over_seeds(const Weights& weights, const Score& score) {
  double sum = 0.0, count = 0.0;
  for (std::size_t seed = 0; seed < weights.seed.size(); ++seed) {
    if (weights.seed[seed] > 0) {
      Weights alone{weights.song, std::vector<double>(weights.seed.size(), 0.0)};
      alone.seed[seed] = 1.0;
      sum += weights.seed[seed] * score(alone);
      count += weights.seed[seed];
    }
  }
  return sum / count;
}

using FeatureMaker = Features (*)(const skeleton::Motion&);

Features centred_poses(const skeleton::Motion& motion);
Features absolute_poses(const skeleton::Motion& motion);
Features pose_windows(const skeleton::Motion& motion);      // of 1 s, centred
Features velocity_windows(const skeleton::Motion& motion);  // of 1 s
Features all_features(const std::vector<Clip>& clips, FeatureMaker make);
Grouped<Moments> moments_of(const DanceSet& dances, std::size_t songs, FeatureMaker make);
/// Speeds (order 1) or jerks (order 3) of all joints and frames.
SortedValues differences_of(const DanceSet& dances, int order);
MeanSum nearest_sum(const TrainingWindows& training, const PrincipalComponents& components,
                    const skeleton::Motion& motion);

/// Windows of one seed in principal components, and the songs that they belong to.
struct ProjectedWindows {
  Features rows;
  std::vector<std::size_t> song;
};
ProjectedWindows project_windows(const std::vector<Clip>& clips, const PrincipalComponents& components);

struct Yardstick::Parts {
  Parts(std::size_t songs, const DanceSet& real, const std::vector<skeleton::Motion>& training);
  Grouped<Moments> poses, absolute, velocities, kinetic;
  Moments pose_windows, velocity_windows;
  std::vector<double> kinetic_mean, kinetic_deviation;  // that kinetic features are standardised with
  SortedValues speeds, jerks;
  PrincipalComponents components;  // 24 of the real 1 s windows
  double bandwidth;                // of the kernel, px
  ProjectedWindows windows;
  KernelSums kernel;  // real with real
  TrainingWindows training;
};

void add_beat_columns(std::vector<Column>& columns, double prominence);
void add_distance_columns(std::vector<Column>& columns);
void add_motion_columns(std::vector<Column>& columns);

}  // namespace stgmamba::metrics
