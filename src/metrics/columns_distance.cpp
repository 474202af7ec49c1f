// SPDX-License-Identifier: MIT
// Distances between the distributions of generated and real dances: PFD, VFD, MMD, FID_k2d, and to the training dances.
#include <cmath>
#include <limits>
#include <memory>

#include "stgmamba/metrics/motion.hpp"

#include "column_parts.hpp"

namespace stgmamba::metrics {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Weights real_weights(const Weights& weights) {
  return {weights.song, {1.0}};
}

Column column_of(std::string name, std::string title, std::string unit, std::string definition, Direction direction) {
  Column column;
  column.card.name = std::move(name);
  column.card.title = std::move(title);
  column.card.unit = std::move(unit);
  column.card.definition = std::move(definition);
  column.card.direction = direction;
  return column;
}

/// Distance to the real dances: the mean over seeds, because pooled clips would be nearer for being more.
double distance(const Grouped<Moments>& real, const Grouped<Moments>& made, const Weights& weights) {
  const Gaussian truth = fit_gaussian(real.total(real_weights(weights)));
  return mean_over_seeds(
      weights, [&](const Weights& alone) { return frechet_distance(truth, fit_gaussian(made.total(alone))); });
}

using RealMoments = Grouped<Moments> Yardstick::Parts::*;

Statistic frechet_statistic(const Yardstick& yardstick, const DanceSet& dances, FeatureMaker make, RealMoments real) {
  const auto made = std::make_shared<Grouped<Moments>>(moments_of(dances, yardstick.songs(), make));
  const Grouped<Moments>* truth = &(yardstick.parts().*real);
  return [made, truth](const Weights& weights) { return distance(*truth, *made, weights); };
}

Column frechet_column(Column column, FeatureMaker make, RealMoments real) {
  column.measure = [make, real](const Yardstick& yardstick, const DanceSet& dances) {
    return frechet_statistic(yardstick, dances, make, real);
  };
  return column;
}

/// PFD over that of the constant mean pose, whose covariance is 0: |mean - mean|^2 + Tr S of the real poses.
Column share_column() {
  Column column =
      column_of("pfd_share", "PFD share", "",
                "PFD over the PFD of a statue in the mean pose; 1: no better than the statue.", Direction::kLower);
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const Statistic pfd = frechet_statistic(yardstick, dances, centred_poses, &Yardstick::Parts::poses);
    const Grouped<Moments>* truth = &yardstick.parts().poses;
    return [pfd, truth](const Weights& weights) {
      const std::vector<double> covariance = truth->total(real_weights(weights)).covariance();
      double statue = 0.0;
      for (std::size_t i = 0; i < 36; ++i) {
        statue += covariance[i * 36 + i];
      }
      return statue > 0 ? pfd(weights) / statue : kNan;
    };
  };
  return column;
}

/// Over 1 s windows: all seeds together, no interval, and nothing at all for too few windows.
Column windowed_column(Column column, FeatureMaker make, Moments Yardstick::Parts::*real) {
  column.interval = false;
  column.card.constants = {{"window", 1.0}, {"windows per dimension", 5.0}};
  column.measure = [make, real](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    double sum = 0.0;
    for (const std::vector<Clip>& clips : dances.seeds) {
      const Moments made(all_features(clips, make));
      const bool enough = made.count() >= 5.0 * static_cast<double>(made.width());
      sum += enough ? frechet_distance(yardstick.parts().*real, made) : kNan;
    }
    const double mean = sum / static_cast<double>(dances.seed_count());
    return [mean](const Weights&) { return mean; };
  };
  return column;
}

struct KernelParts {
  std::vector<KernelSums> own, cross;  // of each seed
};

Column mmd_column() {
  Column column = column_of("mmd", "MMD", "",
                            "Unbiased squared maximum mean discrepancy of root-centred 1 s windows in 24 principal "
                            "components of the real ones; Gaussian kernel, bandwidth their median distance.",
                            Direction::kLower);
  column.card.constants = {{"window", 1.0}, {"components", 24.0}};
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const Yardstick::Parts* truth = &yardstick.parts();
    const std::size_t songs = yardstick.songs();
    const auto parts = std::make_shared<KernelParts>();
    for (const std::vector<Clip>& clips : dances.seeds) {
      const ProjectedWindows made = project_windows(clips, truth->components);
      parts->own.emplace_back(made.rows, made.song, made.rows, made.song, songs, truth->bandwidth, true);
      parts->cross.emplace_back(made.rows, made.song, truth->windows.rows, truth->windows.song, songs, truth->bandwidth,
                                false);
    }
    return [parts, truth](const Weights& weights) {
      double sum = 0.0, count = 0.0;
      for (std::size_t seed = 0; seed < parts->own.size(); ++seed) {
        sum += weights.seed[seed] * (parts->own[seed].mean(weights.song, weights.song) -
                                     2.0 * parts->cross[seed].mean(weights.song, weights.song));
        count += weights.seed[seed];
      }
      return truth->kernel.mean(weights.song, weights.song) + sum / count;
    };
  };
  return column;
}

Features standardised(const Features& raw, const Yardstick::Parts& truth) {
  Features features = raw;
  for (std::size_t i = 0; i < features.values.size(); ++i) {
    const std::size_t k = i % features.width;
    features.values[i] = (features.values[i] - truth.kinetic_mean[k]) / (truth.kinetic_deviation[k] + 1e-10);
  }
  return features;
}

/// The standardised kinetic features of a set, songs apart.
Grouped<Moments> kinetic_moments(const DanceSet& dances, const Yardstick& yardstick) {
  Grouped<Moments> grouped(yardstick.songs(), dances.seed_count(), Moments(54));
  for_each_clip(dances, [&](const Clip& clip, std::size_t song, std::size_t seed) {
    grouped.at(song, seed).add(Moments(standardised(kinetic_features(clip.motion), yardstick.parts())));
  });
  return grouped;
}

Column kinetic_distance_column() {
  Column column = column_of("fid_k2d", "FID_k2d", "",
                            "Frechet distance of kinetic features (mean squared velocity along x and y, mean "
                            "acceleration, 18 joints, h and s) standardised by the real ones. Two-dimensional: not "
                            "comparable with FID_k of 3-D motion.",
                            Direction::kLower);
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto truth = std::make_shared<Grouped<Moments>>(kinetic_moments(yardstick.real(), yardstick));
    const auto made = std::make_shared<Grouped<Moments>>(kinetic_moments(dances, yardstick));
    return [truth, made](const Weights& weights) { return distance(*truth, *made, weights); };
  };
  return column;
}

struct Pairs {
  std::size_t songs = 0;
  std::vector<std::vector<double>> sum, count;  // [seeds][songs, songs]
};

double mean_distance(const Pairs& pairs, const Weights& weights) {
  double sum = 0.0, count = 0.0;
  for (std::size_t seed = 0; seed < pairs.sum.size(); ++seed) {
    for (std::size_t cell = 0; cell < pairs.sum[seed].size(); ++cell) {
      const double weight = weights.seed[seed] * weights.song[cell / pairs.songs] * weights.song[cell % pairs.songs];
      sum += weight * pairs.sum[seed][cell];
      count += weight * pairs.count[seed][cell];
    }
  }
  return count > 0 ? sum / count : kNan;
}

Column kinetic_diversity_column() {
  Column column = column_of("div_k2d", "Div_k2d", "",
                            "Mean Euclidean distance between two clips' kinetic features, standardised as in FID_k2d.",
                            Direction::kAsReal);
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto pairs = std::make_shared<Pairs>();
    const std::size_t songs = pairs->songs = yardstick.songs();
    for (const std::vector<Clip>& clips : dances.seeds) {
      std::vector<double>& sum = pairs->sum.emplace_back(songs * songs, 0.0);
      std::vector<double>& count = pairs->count.emplace_back(songs * songs, 0.0);
      const Features rows = standardised(all_features(clips, kinetic_features), yardstick.parts());
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        for (std::size_t j = i + 1; j < rows.rows(); ++j) {
          double square = 0.0;
          for (std::size_t k = 0; k < rows.width; ++k) {
            square += (rows.row(i)[k] - rows.row(j)[k]) * (rows.row(i)[k] - rows.row(j)[k]);
          }
          sum[clips[i].song * songs + clips[j].song] += std::sqrt(square);
          count[clips[i].song * songs + clips[j].song] += 1.0;
        }
      }
    }
    return [pairs](const Weights& weights) { return mean_distance(*pairs, weights); };
  };
  return column;
}

Column nearest_column() {
  Column column = column_of("nearest", "nearest", "px",
                            "Mean distance of a root-centred 1 s window to the nearest one of the training dances, in "
                            "24 principal components, root mean square a coordinate. Far under the real test dances': "
                            "copied.",
                            Direction::kAsReal);
  column.card.constants = {{"window", 1.0}, {"components", 24.0}};
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const Yardstick::Parts& truth = yardstick.parts();
    const auto sums = std::make_shared<Grouped<MeanSum>>(yardstick.songs(), dances.seed_count());
    if (!truth.training.empty()) {
      for_each_clip(dances, [&](const Clip& clip, std::size_t song, std::size_t seed) {
        sums->at(song, seed).add(nearest_sum(truth.training, truth.components, clip.motion), 1.0);
      });
    }
    return [sums](const Weights& weights) { return sums->total(weights).mean(); };
  };
  return column;
}

}  // namespace

void add_distance_columns(std::vector<Column>& columns) {
  using Parts = Yardstick::Parts;
  columns.push_back(
      frechet_column(column_of("pfd", "PFD", "px^2",
                               "Frechet distance of single poses, centred at the neck, 36 numbers.", Direction::kLower),
                     centred_poses, &Parts::poses));
  columns.push_back(share_column());
  columns.push_back(frechet_column(column_of("pfd_abs", "PFD abs.", "px^2",
                                             "PFD of absolute poses: place in the picture counts.", Direction::kLower),
                                   absolute_poses, &Parts::absolute));
  columns.push_back(frechet_column(
      column_of("vfd", "VFD", "px^2", "Frechet distance of steps from frame to frame at 10 frames/s, not centred.",
                Direction::kLower),
      velocity_features, &Parts::velocities));
  columns.push_back(windowed_column(
      column_of("pfd_window", "PFD 1 s", "px^2", "PFD over 1 s windows, 360 numbers.", Direction::kLower), pose_windows,
      &Parts::pose_windows));
  columns.push_back(windowed_column(
      column_of("vfd_window", "VFD 1 s", "px^2", "VFD over 1 s windows, 360 numbers.", Direction::kLower),
      velocity_windows, &Parts::velocity_windows));
  columns.push_back(mmd_column());
  columns.push_back(kinetic_distance_column());
  columns.push_back(kinetic_diversity_column());
  columns.push_back(nearest_column());
}

}  // namespace stgmamba::metrics
