// SPDX-License-Identifier: MIT
// BC and its kin, Beat Coverage and Beat Hit Rate: each at two tolerances, with and without a minimum prominence.
#include <memory>

#include <fmt/format.h>

#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/metrics/beat_match.hpp"

#include "column_parts.hpp"

namespace stgmamba::metrics {

namespace {

struct Variant {
  std::string suffix, title;
  BeatOptions options;
  std::map<std::string, double> constants;
};

/// Every combination; the first has no suffix.
std::vector<Variant> variants(const char* constant, double wide, const char* mark, double other, double prominence) {
  std::vector<Variant> all;
  for (const bool prominent : {false, true}) {
    for (const bool second : {false, true}) {
      Variant variant;
      variant.suffix = std::string(second ? mark : "") + (prominent ? "_p" : "");
      variant.title = fmt::format("{}{}", second ? fmt::format(" {:g} s", other) : "", prominent ? " prom." : "");
      variant.options.sigma = second ? other : wide;
      variant.options.prominence = prominent ? prominence : 0.0;
      variant.constants = {{constant, variant.options.sigma}, {"prominence", variant.options.prominence}};
      all.push_back(std::move(variant));
    }
  }
  return all;
}

template <typename Score>
struct Part {
  const char *name, *title, *definition;
  double (Score::*read)() const;
  Direction direction;
};

/// A column that reads `part` from the sums that `score(clip)` gives.
template <typename Score, typename Make>
Column beat_column(const Part<Score>& part, const Variant& variant, const Make& score) {
  Column column;
  column.card.name = part.name + variant.suffix;
  column.card.title = part.title + variant.title;
  column.card.definition = part.definition;
  column.card.direction = part.direction;
  column.card.hears_music = true;
  column.card.constants = variant.constants;
  column.measure = [score, read = part.read](const Yardstick& yardstick, const DanceSet& dances) -> Statistic {
    auto sums = std::make_shared<Grouped<Score>>(yardstick.songs(), dances.seed_count());
    for_each_clip(dances,
                  [&](const Clip& clip, std::size_t song, std::size_t seed) { sums->at(song, seed).add(score(clip)); });
    return [sums, read](const Weights& weights) { return (sums->total(weights).*read)(); };
  };
  return column;
}

const Part<BeatScore> kConsistency[] = {
    {"bc", "BC", "Mean over music beats of exp(-d^2 / 2 sigma^2), d to the nearest kinematic beat; mean over clips.",
     &BeatScore::bc, Direction::kHigher},
    {"bc_star", "BC*", "(BC - chance) / (1 - chance); chance: the same with the beats shifted in phase, 16 shifts.",
     &BeatScore::bc_star, Direction::kHigher},
    {"bc_k", "BC_k",
     "Mean over kinematic beats of exp(-d^2 / 2 sigma^2), d to the nearest music beat; mean over clips.",
     &BeatScore::bc_k, Direction::kHigher},
    {"bc_k_star", "BC_k*", "BC_k beyond chance, as BC*.", &BeatScore::bc_k_star, Direction::kHigher},
};

const Part<BeatMatch> kMatches[] = {
    {"coverage", "coverage", "Kinematic beats over music beats, counts pooled. Not bounded by 1.", &BeatMatch::coverage,
     Direction::kAsReal},
    {"hit", "hit rate", "Share of kinematic beats matched one to one with a music beat within the tolerance, pooled.",
     &BeatMatch::hit_rate, Direction::kHigher},
    {"hit_star", "hit*", "Hit rate beyond chance, as BC*.", &BeatMatch::hit_star, Direction::kHigher},
    {"recall", "recall", "Share of music beats matched one to one with a kinematic beat within the tolerance, pooled.",
     &BeatMatch::recall, Direction::kHigher},
    {"recall_star", "recall*", "Recall beyond chance, as BC*.", &BeatMatch::recall_star, Direction::kHigher},
};

}  // namespace

void add_beat_columns(std::vector<Column>& columns, double prominence) {
  for (const Part<BeatScore>& part : kConsistency) {
    for (const Variant& variant : variants("sigma", 0.1, "_s05", 0.05, prominence)) {
      columns.push_back(beat_column(part, variant, [options = variant.options](const Clip& clip) {
        return beat_consistency(clip.motion, clip.beats, options);
      }));
    }
  }
  for (const Part<BeatMatch>& part : kMatches) {
    for (const Variant& variant : variants("tolerance", 0.1, "_t2", 0.2, prominence)) {
      columns.push_back(beat_column(part, variant, [options = variant.options](const Clip& clip) {
        return match_beats(clip.motion, clip.beats, options.sigma, options);
      }));
    }
  }
}

}  // namespace stgmamba::metrics
