// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/dance_set.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/error.hpp"

#include "column_parts.hpp"
#include "order_statistics.hpp"

namespace stgmamba::metrics {

namespace {

constexpr std::size_t kComponents = 24;  // of a 1 s window
constexpr double kSlow = 0.2;            // of the real dances' median frame

std::vector<skeleton::Motion> motions_of(const std::vector<Clip>& clips) {
  std::vector<skeleton::Motion> motions;
  motions.reserve(clips.size());
  for (const Clip& clip : clips) {
    motions.push_back(clip.motion);
  }
  return motions;
}

double usual_speed(const std::vector<Clip>& clips) {
  std::vector<double> speeds;
  for (const Clip& clip : clips) {
    const std::vector<double> more = frame_speeds(clip.motion);
    speeds.insert(speeds.end(), more.begin(), more.end());
  }
  return median(std::move(speeds));
}

const std::vector<Clip>& checked(const DanceSet& real) {
  if (real.seeds.empty() || real.seeds.front().empty()) {
    throw DataError("no real dance to measure against: the split has no whole window of 5 s");
  }
  return real.seeds.front();
}

}  // namespace

double MeanSum::mean() const {
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

void SortedValues::add(double value, std::size_t song, std::size_t seed) {
  if (!std::isnan(value)) {
    entries_.push_back({value, static_cast<std::uint32_t>(song), static_cast<std::uint32_t>(seed)});
  }
}

void SortedValues::sort() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.value < b.value; });
}

double SortedValues::median(const Weights& weights) const {
  const auto weight = [&](const Entry& entry) { return weights.song[entry.song] * weights.seed[entry.seed]; };
  double total = 0.0;
  for (const Entry& entry : entries_) {
    total += weight(entry);
  }
  double passed = 0.0, before = 0.0;
  bool halfway = false;  // exactly half lies at or below `before`
  for (const Entry& entry : entries_) {
    const double w = weight(entry);
    if (w <= 0) {
      continue;
    }
    if (halfway) {
      return (before + entry.value) / 2.0;
    }
    passed += w;
    if (2.0 * passed > total) {
      return entry.value;
    }
    halfway = 2.0 * passed == total;
    before = entry.value;
  }
  return 0.0;
}

Features centred_poses(const skeleton::Motion& motion) {
  return pose_features(motion, true);
}
Features absolute_poses(const skeleton::Motion& motion) {
  return pose_features(motion, false);
}
Features pose_windows(const skeleton::Motion& motion) {
  return windows_of(pose_features(motion), window_length(motion.fps));
}
Features velocity_windows(const skeleton::Motion& motion) {
  return windows_of(velocity_features(motion), window_length(motion.fps));
}

Features all_features(const std::vector<Clip>& clips, FeatureMaker make) {
  Features all = make(clips.front().motion);
  for (std::size_t i = 1; i < clips.size(); ++i) {
    const Features more = make(clips[i].motion);
    all.values.insert(all.values.end(), more.values.begin(), more.values.end());
  }
  return all;
}

Grouped<Moments> moments_of(const DanceSet& dances, std::size_t songs, FeatureMaker make) {
  const std::size_t width = make(dances.seeds.front().front().motion).width;
  Grouped<Moments> grouped(songs, dances.seed_count(), Moments(width));
  for_each_clip(dances, [&](const Clip& clip, std::size_t song, std::size_t seed) {
    grouped.at(song, seed).add(Moments(make(clip.motion)));
  });
  return grouped;
}

SortedValues differences_of(const DanceSet& dances, int order) {
  SortedValues values;
  for_each_clip(dances, [&](const Clip& clip, std::size_t song, std::size_t seed) {
    for (const double length : difference_lengths(clip.motion, order)) {
      values.add(length, song, seed);
    }
  });
  values.sort();
  return values;
}

ProjectedWindows project_windows(const std::vector<Clip>& clips, const PrincipalComponents& components) {
  ProjectedWindows windows;
  Features all{components.mean.size(), {}};
  for (const Clip& clip : clips) {
    const Features more = pose_windows(clip.motion);
    all.values.insert(all.values.end(), more.values.begin(), more.values.end());
    windows.song.insert(windows.song.end(), more.rows(), clip.song);
  }
  windows.rows = components.project(all);
  return windows;
}

MeanSum nearest_sum(const TrainingWindows& training, const PrincipalComponents& components,
                    const skeleton::Motion& motion) {
  MeanSum sum;
  for (const double distance : training.distances(components.project(pose_windows(motion)))) {
    sum.sum += distance;
    sum.count += 1.0;
  }
  return sum;
}

Yardstick::Parts::Parts(std::size_t songs, const DanceSet& real, const std::vector<skeleton::Motion>& dances)
    : poses(moments_of(real, songs, centred_poses)),
      absolute(moments_of(real, songs, absolute_poses)),
      velocities(moments_of(real, songs, velocity_features)),
      kinetic(moments_of(real, songs, kinetic_features)),
      pose_windows(all_features(real.seeds.front(), metrics::pose_windows)),
      velocity_windows(all_features(real.seeds.front(), metrics::velocity_windows)),
      kinetic_mean(kinetic.total(Weights::all(songs, 1)).mean()),
      kinetic_deviation(kinetic.total(Weights::all(songs, 1)).deviation()),
      speeds(differences_of(real, 1)),
      jerks(differences_of(real, 3)),
      components(principal_components(pose_windows, kComponents)),
      bandwidth(1.0),
      windows(project_windows(real.seeds.front(), components)),
      kernel({}, {}, {}, {}, songs, 1.0, true),
      training(dances, components) {
  const double distance = median_distance(windows.rows);
  bandwidth = distance > 0 ? distance : 1.0;  // motionless data have none
  kernel = KernelSums(windows.rows, windows.song, windows.rows, windows.song, songs, bandwidth, true);
}

Yardstick::Yardstick(std::size_t songs, DanceSet real, std::vector<skeleton::Motion> training)
    : songs_(songs), real_(std::move(real)), training_(std::move(training)) {
  const std::vector<Clip>& clips = checked(real_);
  prominence_ = default_prominence(motions_of(clips));
  slow_speed_ = kSlow * usual_speed(clips);
  mean_pose_ = metrics::mean_pose(clips);
  median_pose_ = metrics::median_pose(training_.empty() ? motions_of(clips) : training_);
  parts_ = std::make_unique<Parts>(songs_, real_, training_);
}

Yardstick::~Yardstick() = default;

std::vector<float> mean_pose(const std::vector<Clip>& clips) {
  std::vector<double> sum(static_cast<std::size_t>(skeleton::kJoints) * 2, 0.0);
  double frames = 0.0;
  for (const Clip& clip : clips) {
    for (std::size_t i = 0; i < clip.motion.xy.size(); ++i) {
      sum[i % sum.size()] += static_cast<double>(clip.motion.xy[i]);
    }
    frames += static_cast<double>(clip.motion.frames());
  }
  std::vector<float> pose;
  pose.reserve(sum.size());
  for (const double value : sum) {
    pose.push_back(static_cast<float>(value / frames));
  }
  return pose;
}

}  // namespace stgmamba::metrics
