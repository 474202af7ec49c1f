// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/bootstrap.hpp"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/metrics/card.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::test {
namespace {

using metrics::Interval;
using metrics::Weights;
using ::testing::HasSubstr;

/// Weighted mean of one value a song.
metrics::Statistic mean_of(const std::vector<double>& values) {
  return [values](const Weights& weights) {
    double sum = 0.0, count = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += weights.song[i] * values[i];
      count += weights.song[i];
    }
    return sum / count;
  };
}

TEST(Bootstrap, DrawsAreAFunctionOfSeedAndReplicate) {
  const metrics::BootstrapOptions options;
  const Weights a = metrics::replicate_weights(9, 4, options, 3), b = metrics::replicate_weights(9, 2, options, 3);
  EXPECT_EQ(a.song, b.song);  // whatever the seeds
  EXPECT_NE(a.song, metrics::replicate_weights(9, 4, options, 4).song);
  EXPECT_EQ(std::accumulate(a.song.begin(), a.song.end(), 0.0), 9.0);
  EXPECT_EQ(std::accumulate(a.seed.begin(), a.seed.end(), 0.0), 4.0);
}

TEST(Bootstrap, TheIntervalOfAMeanIsThatOfTheory) {
  util::Random random(2, "songs");
  std::vector<double> values;
  double mean = 0.0, square = 0.0;
  for (int i = 0; i < 60; ++i) {
    values.push_back(3.0 + random.normal());
    mean += values.back() / 60;
    square += values.back() * values.back() / 60;
  }
  metrics::BootstrapOptions options;
  options.replicates = 4000;
  const Interval interval = metrics::bootstrap(mean_of(values), 60, 1, options);
  const double half = 1.96 * std::sqrt((square - mean * mean) / 60);
  EXPECT_DOUBLE_EQ(interval.value, mean);
  EXPECT_NEAR(interval.low, mean - half, 0.1 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.1 * half);
}

TEST(Bootstrap, PairedDifferencesCancelWhatSongsShare) {
  util::Random random(2, "songs");
  std::vector<double> a, b;
  for (int i = 0; i < 30; ++i) {
    const double song = 10 * random.normal();  // songs differ far more than the rows do
    a.push_back(song + 0.5 + 0.1 * random.normal());
    b.push_back(song);
  }
  const Interval difference = metrics::bootstrap_difference(mean_of(a), 1, mean_of(b), 1, 30, {});
  EXPECT_TRUE(difference.excludes(0.0));
  EXPECT_LT(difference.high - difference.low, 0.2);
  EXPECT_FALSE(metrics::bootstrap_difference(mean_of(a), 1, mean_of(a), 1, 30, {}).excludes(0.0));
}

TEST(Bootstrap, ABiasedStatisticKeepsItsValueInside) {
  // The largest value: replicates only lie below.
  const std::vector<double> values = {1, 2, 3, 4, 5, 6, 7, 20};
  const metrics::Statistic largest = [&](const Weights& weights) {
    double top = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      top = weights.song[i] > 0 ? std::max(top, values[i]) : top;
    }
    return top;
  };
  const Interval interval = metrics::bootstrap(largest, values.size(), 1, {});
  EXPECT_LE(interval.low, interval.value);
  EXPECT_GE(interval.high, interval.value);
}

TEST(Bootstrap, OneSongAndOneSeedHaveNoInterval) {
  const Interval interval = metrics::bootstrap(mean_of({4.0}), 1, 1, {});
  EXPECT_EQ(interval.value, 4.0);
  EXPECT_TRUE(std::isnan(interval.low));
  EXPECT_FALSE(interval.excludes(0.0));
}

TEST(Bootstrap, GroupedSumsAreWeighted) {
  struct Sum {
    double value = 0.0;
    void add(const Sum& other, double weight) { value += weight * other.value; }
  };
  metrics::Grouped<Sum> grouped(3, 2);
  grouped.at(2, 0).value = 5.0;
  grouped.at(1, 1).value = 7.0;
  EXPECT_EQ(grouped.total(Weights::all(3, 2)).value, 12.0);
  EXPECT_EQ(grouped.total({{1, 2, 0}, {1, 3}}).value, 42.0);
}

TEST(Card, UnlikeCardsAreTold) {
  metrics::MetricCard a{.name = "bc", .title = "BC", .unit = "", .definition = "d", .constants = {{"sigma", 0.1}}};
  metrics::MetricCard b = a;
  metrics::ScoreSample on{.data = "x", .clips = 10, .seeds = {1}, .replicates = 500, .level = 0.95};
  metrics::ScoreSample elsewhere = on;
  EXPECT_EQ(metrics::difference(a, on, b, elsewhere), "");
  elsewhere.seeds = {2, 3};
  EXPECT_EQ(metrics::difference(a, on, b, elsewhere), "");
  elsewhere.clips = 11;
  EXPECT_THAT(metrics::difference(a, on, b, elsewhere), HasSubstr("10 clips against 11"));
  elsewhere = on;
  elsewhere.data = "y";
  EXPECT_THAT(metrics::difference(a, on, b, elsewhere), HasSubstr("other data"));
  b.constants["sigma"] = 0.05;
  EXPECT_THAT(metrics::difference(a, on, b, on), HasSubstr("sigma 0.1 against 0.05"));
  b.constants.clear();
  EXPECT_THAT(metrics::difference(a, on, b, on), HasSubstr("only one"));
  b = a;
  b.version = 2;
  EXPECT_THAT(metrics::difference(a, on, b, on), HasSubstr("version 1 against 2"));
  EXPECT_THAT(metrics::card_text(a, on), HasSubstr("sigma 0.1"));
}

}  // namespace
}  // namespace stgmamba::test
