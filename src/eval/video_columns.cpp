// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <torch/torch.h>

#include "stgmamba/image_metrics/feature_distance.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace {

namespace im = image_metrics;
using metrics::Statistic;
using metrics::Weights;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kCheapMatrix = 512;

/// Features of clips in one matrix, and which person each row shows.
struct RowSet {
  at::Tensor rows;    // [n, W]
  at::Tensor person;  // [n]
};

enum class Part { kAll, kFirstHalf, kSecondHalf };

/// A clip's rows are in the order of its frames. Of what has one row a clip, every other clip is a half.
at::Tensor part_of(const at::Tensor& rows, std::size_t place, Part part) {
  if (part == Part::kAll) {
    return rows;
  }
  const bool second = part == Part::kSecondHalf;
  const std::int64_t half = rows.size(0) / 2;
  if (half == 0) {
    return (place % 2 == 1) == second ? rows : rows.narrow(0, 0, 0);
  }
  return second ? rows.narrow(0, half, rows.size(0) - half) : rows.narrow(0, 0, half);
}

RowSet gather(const std::vector<ClipScores>& clips, const std::string& column, const VideoBed& bed,
              Part part = Part::kAll) {
  std::vector<at::Tensor> rows, person;
  for (std::size_t place = 0; place < clips.size(); ++place) {
    const at::Tensor of_clip = part_of(clips[place].rows.at(column), place, part);
    if (of_clip.size(0) > 0) {
      rows.push_back(of_clip);
      person.push_back(
          torch::full({of_clip.size(0)}, static_cast<std::int64_t>(bed.places()[place].person), torch::kLong));
    }
  }
  return rows.empty() ? RowSet{} : RowSet{torch::cat(rows), torch::cat(person)};
}

at::Tensor of_people(const Weights& weights) {
  return torch::tensor(weights.song, torch::kDouble);  // a table's "songs" are its people here
}

/// One seed's distance as a function of the people's weights; empty: one of the sets is.
std::function<double(const Weights&)> distance(VideoColumn::Kind kind, const std::string& column, const RowSet& made,
                                               const RowSet& real, std::size_t people) {
  if (!made.rows.defined() || !real.rows.defined()) {
    return {};
  }
  if (kind == VideoColumn::Kind::kKernel) {
    const auto sums = std::make_shared<im::KernelDistance>(made.rows, made.person, real.rows, real.person,
                                                           static_cast<std::int64_t>(people));
    return [sums](const Weights& weights) { return sums->value(of_people(weights)); };
  }
  const im::Covariance rule = column == "fvd" ? im::Covariance::kPopulation : im::Covariance::kUnbiased;
  return [=](const Weights& weights) {
    const at::Tensor people_weight = of_people(weights);
    return im::frechet_distance(made.rows, real.rows, rule, people_weight.index({made.person}),
                                people_weight.index({real.person}));
  };
}

Statistic mean_over_clips(const std::string& column, const VideoBed& bed, const VideoScores& scores) {
  std::vector<std::vector<double>> values;  // [seed][place]
  for (const std::vector<ClipScores>& clips : scores) {
    std::vector<double>& of_seed = values.emplace_back();
    for (const ClipScores& clip : clips) {
      const auto found = clip.value.find(column);
      of_seed.push_back(found == clip.value.end() ? kNan : found->second);
    }
  }
  const std::vector<VideoBed::Place>& places = bed.places();
  return [values, places](const Weights& weights) {
    double sum = 0.0, count = 0.0;
    for (std::size_t seed = 0; seed < values.size(); ++seed) {
      for (std::size_t place = 0; place < places.size(); ++place) {
        if (!std::isnan(values[seed][place])) {
          const double weight = weights.seed[seed] * weights.song[places[place].person];
          sum += weight * values[seed][place];
          count += weight;
        }
      }
    }
    return count > 0 ? sum / count : kNan;
  };
}

}  // namespace

std::vector<std::string> video_column_names() {
  std::vector<std::string> names;
  for (const VideoColumn& column : video_columns()) {
    names.push_back(column.card.name);
  }
  return names;
}

std::vector<VideoColumn> pick_video_columns(const std::vector<std::string>& names) {
  std::vector<VideoColumn> picked;
  for (const std::string& name : names) {
    const std::size_t before = picked.size();
    for (const VideoColumn& column : video_columns()) {
      if (column.card.name == name) {
        picked.push_back(column);
      }
    }
    if (picked.size() == before) {
      const std::string near = util::nearest(name, video_column_names());
      throw UsageError("video metric '{}' is unknown{}; docs/metrics.md lists them all", name,
                       near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
    }
  }
  return picked;
}

std::optional<Statistic> measure(const VideoColumn& column, const VideoJudge& judge, const VideoScores& scores) {
  const std::string& name = column.card.name;
  if (column.kind == VideoColumn::Kind::kMean) {
    return mean_over_clips(name, judge.bed(), scores);
  }
  if (scores.empty() || scores[0].empty() || !scores[0][0].rows.contains(name)) {
    return std::nullopt;
  }
  const RowSet real = gather(judge.real(), name, judge.bed());
  std::vector<std::function<double(const Weights&)>> of_seed;
  for (const std::vector<ClipScores>& clips : scores) {
    of_seed.push_back(distance(column.kind, name, gather(clips, name, judge.bed()), real, judge.bed().people().size()));
    if (!of_seed.back()) {
      return std::nullopt;
    }
  }
  return [of_seed](const Weights& weights) {
    double sum = 0.0, count = 0.0;
    for (std::size_t seed = 0; seed < of_seed.size(); ++seed) {
      if (weights.seed[seed] > 0) {
        sum += weights.seed[seed] * of_seed[seed](weights);
        count += weights.seed[seed];
      }
    }
    return sum / count;
  };
}

std::optional<Statistic> measure_halves(const VideoColumn& column, const VideoJudge& judge) {
  const std::string& name = column.card.name;
  if (column.kind == VideoColumn::Kind::kMean || !judge.real()[0].rows.contains(name)) {
    return std::nullopt;
  }
  if (column.card.name == "fvd" && judge.bed().places().size() < 2 * judge.bed().people().size()) {
    return std::nullopt;  // a row a clip, and a clip a person: the halves would be different people
  }
  const RowSet first = gather(judge.real(), name, judge.bed(), Part::kFirstHalf);
  const RowSet second = gather(judge.real(), name, judge.bed(), Part::kSecondHalf);
  const auto between = distance(column.kind, name, first, second, judge.bed().people().size());
  return between ? std::optional<Statistic>(between) : std::nullopt;
}

bool has_interval(const VideoColumn& column, const VideoScores& scores) {
  if (column.kind != VideoColumn::Kind::kFrechet) {
    return true;
  }
  std::int64_t rows = 0, width = 0;
  for (const ClipScores& clip : scores[0]) {
    if (const auto found = clip.rows.find(column.card.name); found != clip.rows.end()) {
      rows += found->second.size(0);
      width = std::max(width, found->second.size(1));
    }
  }
  return im::frechet_size(rows, width) <= kCheapMatrix;
}

}  // namespace stgmamba::eval
