// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/beat_match.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::test {
namespace {

TEST(BeatMatch, GreedyOneToOne) {
  const std::vector<double> kinematic = {0.25, 0.85, 1.45}, music = {0.0, 0.5, 1.0, 1.5};  // the reference's vector
  EXPECT_EQ(metrics::matched_beats(kinematic, music, 0.1), 1);                             // 1.45 -> 1.5
  EXPECT_EQ(metrics::matched_beats(kinematic, music, 0.2), 2);                             // 0.85 -> 1.0 too
  EXPECT_EQ(metrics::matched_beats(kinematic, music, 0.25), 3);    // exactly one tolerance away counts
  EXPECT_EQ(metrics::matched_beats({0.98, 1.02}, {1.0}, 0.1), 1);  // a music beat serves once
  EXPECT_EQ(metrics::matched_beats({0.5, 0.6}, {0.55, 3.0}, 0.2), 1);
  EXPECT_EQ(metrics::matched_beats({}, music, 0.1), 0);
  EXPECT_EQ(metrics::matched_beats(kinematic, {}, 0.1), 0);
}

TEST(BeatMatch, RatiosArePooled) {
  metrics::BeatMatch all;
  all.add({.music = 4, .kinematic = 1, .matched = 1, .clips = 1});
  all.add({.music = 6, .kinematic = 4, .matched = 1, .clips = 1});
  EXPECT_DOUBLE_EQ(all.coverage(), 0.5);
  EXPECT_DOUBLE_EQ(all.hit_rate(), 0.4);
  EXPECT_DOUBLE_EQ(all.recall(), 0.2);
  EXPECT_TRUE(std::isnan(metrics::BeatMatch().hit_rate()));
}

TEST(BeatMatch, AStatueHasNoBeatsAndSilenceIsSkipped) {
  const skeleton::Motion statue = metrics::still_motion(std::vector<float>(36, 100.0F), 50, 10);
  const metrics::BeatMatch match = metrics::match_beats(statue, {0.1, 0.6, 1.1, 4.95}, 0.1);
  EXPECT_EQ(match.music, 2.0);  // 0.1 and 4.95 lie at the border
  EXPECT_EQ(match.coverage(), 0.0);
  EXPECT_EQ(match.recall(), 0.0);
  EXPECT_TRUE(std::isnan(match.hit_rate()));
  EXPECT_EQ(metrics::match_beats(statue, {}, 0.1).skipped, 1.0);
}

TEST(BeatMatch, ATremblingStatueHitsByChanceOnly) {
  metrics::BeatMatch match;
  for (int clip = 0; clip < 400; ++clip) {
    skeleton::Motion motion = metrics::still_motion(std::vector<float>(36, 100.0F), 50, 10);
    util::Random random(4, "tremor", static_cast<std::uint64_t>(clip));
    for (float& value : motion.xy) {
      value += static_cast<float>(0.2 * random.normal());
    }
    std::vector<double> beats;
    for (double at = 0.003 * clip; at < 5.0; at += 60.0 / 120.0) {
      beats.push_back(at);
    }
    match.add(metrics::match_beats(motion, beats, 0.1));
  }
  EXPECT_NEAR(match.hit_rate(), 0.39, 0.04);  // B11: 0.39 at 120 beats a minute
  EXPECT_LT(std::abs(match.hit_star()), 0.05);
  EXPECT_LT(std::abs(match.recall_star()), 0.05);
}

}  // namespace
}  // namespace stgmamba::test
