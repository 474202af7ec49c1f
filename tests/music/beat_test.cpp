// SPDX-License-Identifier: MIT
#include "stgmamba/music/beat.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "music/sounds.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Beats stand some 12 ms behind the clicks, and so do librosa's (the golden files): the onset is the steepest rise seen
// through a window of 64 ms. Around that they lie within a hop.
TEST(Beats, ClicksAreFoundWithinAHop) {
  constexpr double kHop = 256.0 / 16000.0;
  for (const double bpm : {90.0, 120.0, 150.0}) {
    const music::Beats beats = music::find_beats(clicks(16000, 30.0, bpm));
    EXPECT_NEAR(beats.bpm, bpm, 0.02 * bpm);
    const double period = 60.0 / bpm;
    ASSERT_NEAR(static_cast<double>(beats.times.size()), 29.5 / period, 2.0);
    std::vector<double> late;
    for (std::size_t i = 1; i + 1 < beats.times.size(); ++i) {
      late.push_back(std::remainder(beats.times[i] - 0.5, period));
    }
    const double mean = std::accumulate(late.begin(), late.end(), 0.0) / static_cast<double>(late.size());
    EXPECT_NEAR(mean, 0.012, 0.004) << bpm << " beats a minute";
    for (const double by : late) {
      EXPECT_NEAR(by, mean, kHop) << bpm << " beats a minute";
    }
  }
}

TEST(Beats, NothingSoundsNothingBeats) {
  for (const double seconds : {0.0, 0.0001, 0.03, 5.0}) {
    const music::Beats beats = music::find_beats(silence(16000, seconds));
    EXPECT_EQ(beats.bpm, 0.0);
    EXPECT_THAT(beats.times, IsEmpty());
  }
}

TEST(Beats, ShortSoundsAreNoTrouble) {
  for (const double seconds : {0.51, 0.6, 1.2, 3.0}) {
    const music::Beats beats = music::find_beats(clicks(16000, seconds, 120));
    EXPECT_TRUE(std::all_of(beats.times.begin(), beats.times.end(), [&](double t) { return t >= 0 && t <= seconds; }));
  }
  EXPECT_THAT(music::find_beats(clicks(16000, 3.0, 120)).times, ::testing::SizeIs(::testing::Ge(4U)));
}

TEST(Beats, AKnownTempoIsKept) {
  music::BeatOptions options;
  options.bpm = 60.0;
  const music::Beats beats = music::find_beats(clicks(16000, 30.0, 120), options);
  EXPECT_EQ(beats.bpm, 60.0);
  ASSERT_GT(beats.times.size(), 20U);
  EXPECT_NEAR((beats.times[20] - beats.times[10]) / 10, 1.0, 0.02);
}

TEST(Beats, TightnessHoldsTheTempoAndLooseChainsFollowTheOnsets) {
  music::OnsetEnvelope onsets;
  onsets.frame_rate = 50.0;
  onsets.strength.assign(2000, 0.0);
  for (std::size_t i = 0, gap = 0; i < onsets.strength.size(); i += 25 + (gap++ % 2 == 0 ? 5 : -5)) {
    onsets.strength[i] = 1.0;  // 120 a minute on average, early and late in turn
  }
  const auto unevenness = [&](double tightness) {
    const std::vector<double> beats = music::track_beats(onsets, 120.0, tightness);
    double most = 0.0;
    for (std::size_t i = 1; i < beats.size(); ++i) {
      most = std::max(most, std::abs(beats[i] - beats[i - 1] - 0.5));
    }
    return most;
  };
  EXPECT_NEAR(unevenness(10.0), 0.1, 0.021);
  EXPECT_LT(unevenness(1e5), 0.021);
}

TEST(Beats, TrimmingLeavesOutTheQuietEnds) {
  media::Audio audio = silence(16000, 30.0);
  const media::Audio middle = clicks(16000, 14.0, 120);
  std::copy(middle.samples.begin(), middle.samples.end(), audio.samples.begin() + 8 * 16000);
  for (std::size_t i = 0; i < audio.samples.size();
       ++i) {  // something to follow at the ends: faint clicks, off the beat
    audio.samples[i] += i % 12000 == 0 ? 0.001F : 0.0F;
  }
  music::BeatOptions options;
  const music::Beats trimmed = music::find_beats(audio, options);
  options.trim = false;
  const music::Beats all = music::find_beats(audio, options);
  ASSERT_FALSE(trimmed.times.empty());
  EXPECT_GT(trimmed.times.front(), 7.9);
  EXPECT_LT(trimmed.times.back(), 22.1);
  EXPECT_GT(all.times.size(), trimmed.times.size());
}

TEST(Tempo, ThePriorPicksTheOctave) {
  const music::OnsetEnvelope onsets = music::onset_strength(clicks(16000, 30.0, 80));
  EXPECT_NEAR(music::estimate_tempo(onsets, {.usual_bpm = 80.0}), 80.0, 1.5);
  EXPECT_NEAR(music::estimate_tempo(onsets, {.usual_bpm = 40.0, .octaves = 0.1}), 40.0, 1.0);
  EXPECT_LT(music::estimate_tempo(onsets, {.max_bpm = 60.0}), 60.0);
}

TEST(Beats, RefuseAnImpossibleTempo) {
  music::OnsetEnvelope onsets{62.5, {0.0, 1.0, 0.0}};
  EXPECT_THAT(error_of([&] { music::track_beats(onsets, 0.0); }), HasSubstr("above 0"));
  EXPECT_THAT(error_of([&] { music::track_beats(onsets, 4000.0); }), HasSubstr("one beat a frame"));
  EXPECT_THAT(error_of([&] { music::estimate_tempo(onsets, {.seconds = 0.1}); }), HasSubstr("two beats"));
}

}  // namespace
}  // namespace stgmamba::test
