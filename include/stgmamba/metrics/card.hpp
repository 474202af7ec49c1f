// SPDX-License-Identifier: MIT
// Metric cards: everything two numbers of one name must share before they may stand side by side.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stgmamba::metrics {

/// What is better: more, less, or as near to the real dances as can be.
enum class Direction { kHigher, kLower, kAsReal };

struct MetricCard {
  std::string name;        // "bc_star_s05"
  std::string title;       // "BC* 0.05"
  std::string unit;        // "px^2"; empty: a share or a score without unit
  std::string definition;  // one or two sentences, with the formula
  int version = 1;         // raised when the same name comes to mean another number
  Direction direction = Direction::kHigher;
  bool hears_music = false;                 // whether another song changes it: only such columns can be uninformative
  std::map<std::string, double> constants;  // "sigma" -> 0.05, in s, px, h as the definition says
  std::map<std::string, std::string> files = {};  // networks behind it: name -> hash (util::hash_file)
};

/// What a score was taken on.
struct ScoreSample {
  std::string data;                  // hash of the data set and its split
  std::int64_t clips = 0;            // N, of each seed
  std::vector<std::uint64_t> seeds;  // of the generated dances
  int replicates = 0;                // of the interval
  double level = 0.0;
  std::string what = "clips of 5 s";      // that N counts
  std::string drawn = "songs and seeds";  // by the bootstrap
};

/// "lower is better", "higher is better", "as the real dances".
std::string direction_text(Direction direction);

/// Why two scores may not stand side by side: another name, version, constant, network, data set or number of clips;
/// empty when they may. Seeds and intervals may differ.
std::string difference(const MetricCard& a, const ScoreSample& a_sample, const MetricCard& b,
                       const ScoreSample& b_sample);

/// The card as a block of text.
std::string card_text(const MetricCard& card, const ScoreSample& sample);

}  // namespace stgmamba::metrics
