// SPDX-License-Identifier: MIT
// Variety (PVar and its kin), collapse and tremor (speed and jerk ratios, slow frames), reconstruction, time.
#include <cmath>
#include <limits>
#include <memory>

#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/metrics/spread.hpp"

#include "column_parts.hpp"

namespace stgmamba::metrics {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

MetricCard card_of(std::string name, std::string title, std::string unit, std::string definition,
                   Direction direction = Direction::kAsReal) {
  MetricCard card;
  card.name = std::move(name);
  card.title = std::move(title);
  card.unit = std::move(unit);
  card.definition = std::move(definition);
  card.direction = direction;
  return card;
}

/// Variance across the clips of a seed; mean over the seeds.
Column across_clips(MetricCard card, std::vector<double> (*row)(const skeleton::Motion&)) {
  Column column{std::move(card), {}};
  column.measure = [row](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto sums = std::make_shared<Grouped<ElementSums>>(yardstick.songs(), dances.seed_count());
    for_each_clip(dances, [&](const Clip& clip, std::size_t song, std::size_t seed) {
      sums->at(song, seed).add(row(clip.motion));
    });
    return [sums](const Weights& weights) {
      return mean_over_seeds(weights, [&](const Weights& alone) { return sums->total(alone).mean_variance(); });
    };
  };
  return column;
}

/// Mean over clips of `value(yardstick, clip)`: a sum and what it is divided by.
template <typename Value>
Column clip_mean(MetricCard card, const Value& value) {
  Column column{std::move(card), {}};
  column.measure = [value](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto sums = std::make_shared<Grouped<MeanSum>>(yardstick.songs(), dances.seed_count());
    for_each_clip(dances, [&](const Clip& clip, std::size_t song, std::size_t seed) {
      sums->at(song, seed).add(value(yardstick, clip), 1.0);
    });
    return [sums](const Weights& weights) { return sums->total(weights).mean(); };
  };
  return column;
}

using SongSums = Grouped<MeanSum>;

std::shared_ptr<SongSums> multimodal_sums(std::size_t songs, const DanceSet& dances) {
  const auto sums = std::make_shared<SongSums>(songs, 1);
  for (const Draws& draws : dances.draws) {
    const double variance = multimodal_variance(draws.dances);
    if (std::isfinite(variance)) {
      sums->at(draws.song, 0).add({variance, 1.0}, 1.0);
    }
  }
  return sums;
}

Column multimodal_column() {
  Column column{card_of("pvar_mm", "PVar_mm", "h^2",
                        "Variance (over n - 1) between dances to the same music, root-centred, low-passed over 1 s."),
                {}};
  column.card.constants = {{"low_pass", 1.0}};
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto sums = multimodal_sums(yardstick.songs(), dances);
    return [sums](const Weights& weights) { return sums->total({weights.song, {1.0}}).mean(); };
  };
  return column;
}

Column multimodal_share_column() {
  Column column{card_of("pvar_mm_share", "PVar_mm share", "",
                        "PVar_mm, over that of the real dances: 1 where draws differ as much as dancers do."),
                {}};
  column.card.constants = {{"low_pass", 1.0}};
  column.measure = [](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto made = multimodal_sums(yardstick.songs(), dances);
    const auto real = multimodal_sums(yardstick.songs(), yardstick.real());
    return [made, real](const Weights& weights) {
      const Weights songs{weights.song, {1.0}};
      const double usual = real->total(songs).mean();
      return usual > 0 ? made->total(songs).mean() / usual : kNan;
    };
  };
  return column;
}

Column ratio_column(MetricCard card, int order, SortedValues Yardstick::Parts::*real) {
  Column column{std::move(card), {}};
  column.measure = [order, real](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    const auto made = std::make_shared<SortedValues>(differences_of(dances, order));
    const SortedValues* truth = &(yardstick.parts().*real);
    return [made, truth](const Weights& weights) {
      const double usual = truth->median({weights.song, {1.0}});
      return usual > 0 ? made->median(weights) / usual : kNan;
    };
  };
  return column;
}

MeanSum slow_frames(const Yardstick& yardstick, const Clip& clip) {
  MeanSum sum;
  for (const double speed : frame_speeds(clip.motion)) {
    if (std::isfinite(speed)) {
      sum.sum += speed < yardstick.slow_speed() ? 1.0 : 0.0;
      sum.count += 1.0;
    }
  }
  return sum;
}

/// Error over that of the constant median pose.
MeanSum error_shares(const Yardstick& yardstick, const Clip& clip) {
  const skeleton::Motion& real = yardstick.clips()[clip.real].motion;
  return {l1(clip.motion, real), l1(still_motion(yardstick.median_pose(), real.frames(), real.fps), real)};
}

Column time_column() {
  Column column{card_of("time", "time", "s",
                        "To generate one clip of 5 s on this machine, batch 1, after a warm-up; median of repetitions.",
                        Direction::kLower),
                {}};
  column.interval = false;
  column.measure = [](const Yardstick&, const DanceSet& dances) -> Statistic {
    const double seconds = dances.seconds < 0 ? kNan : dances.seconds;
    return [seconds](const Weights&) { return seconds; };
  };
  return column;
}

}  // namespace

void add_motion_columns(std::vector<Column>& columns) {
  columns.push_back(across_clips(
      card_of("pvar", "PVar", "h^2",
              "Population variance over clips of each (frame, joint, coordinate), root-centred; mean over these."),
      pose_row));
  columns.push_back(across_clips(card_of("vvar", "VVar", "(h/s)^2", "PVar of velocities, not centred."), velocity_row));
  columns.push_back(clip_mean(
      card_of("pvar_time", "PVar_time", "h^2", "Variance over the frames of a clip, root-centred; mean over clips."),
      [](const Yardstick&, const Clip& clip) {
        return MeanSum{time_variance(clip.motion), 1.0};
      }));
  columns.push_back(multimodal_column());
  columns.push_back(multimodal_share_column());
  columns.push_back(ratio_column(
      card_of("speed_ratio", "speed", "", "Median speed over joints and frames, over that of the real dances."), 1,
      &Yardstick::Parts::speeds));
  columns.push_back(
      ratio_column(card_of("jerk_ratio", "jerk", "",
                           "Median third difference over joints and frames, over that of the real dances."),
                   3, &Yardstick::Parts::jerks));
  Column slow =
      clip_mean(card_of("slow_share", "slow", "", "Share of frames slower than 20 % of the real dances' median frame."),
                slow_frames);
  slow.card.constants = {{"share", 0.2}};
  columns.push_back(std::move(slow));
  columns.push_back(clip_mean(card_of("l1_share", "L1 share", "",
                                      "L1 error against the real dance, over that of the constant median pose of the "
                                      "training dances.",
                                      Direction::kLower),
                              error_shares));
  columns.push_back(time_column());
}

}  // namespace stgmamba::metrics
