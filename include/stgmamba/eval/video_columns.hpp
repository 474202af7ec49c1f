// SPDX-License-Identifier: MIT
// Every number that Tables 3 and 5 may show, by name, with its card and how it follows from the judge's scores.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stgmamba/eval/video_judge.hpp"
#include "stgmamba/metrics/bootstrap.hpp"
#include "stgmamba/metrics/card.hpp"

namespace stgmamba::eval {

struct VideoColumn {
  metrics::MetricCard card;
  /// A mean over clips, or a distance between sets of features.
  enum class Kind { kMean, kFrechet, kKernel } kind = Kind::kMean;
};

const std::vector<VideoColumn>& video_columns();
std::vector<std::string> video_column_names();
/// The columns of these names, in their order. Throws UsageError with the nearest name.
std::vector<VideoColumn> pick_video_columns(const std::vector<std::string>& names);

/// A column's value as a function of how often each person and each seed counts. None where the judge could not measure
/// it. Every seed's distance is taken alone and their mean is the score, since pooled clips are nearer by being more.
std::optional<metrics::Statistic> measure(const VideoColumn& column, const VideoJudge& judge,
                                          const VideoScores& scores);
/// The distance between the first and the second half of every true clip's frames, or between every other clip where a
/// clip has one row: what a method that cannot be told from the truth would score. None for means, and where the halves
/// would show different people.
std::optional<metrics::Statistic> measure_halves(const VideoColumn& column, const VideoJudge& judge);

/// Whether a replicate of the bootstrap is cheap: a distance decomposes a matrix of the smaller of rows and width.
bool has_interval(const VideoColumn& column, const VideoScores& scores);

}  // namespace stgmamba::eval
