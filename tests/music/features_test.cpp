// SPDX-License-Identifier: MIT
#include "stgmamba/music/features.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "music/sounds.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using music::kFeatureBands;
using music::kFeatureSize;
using music::kSubframes;

/// A track of 2 s whose bands say which row they are of.
music::FeatureTrack ramp() {
  music::FeatureTrack track;
  track.onsets.resize(101);
  track.bands.resize(101 * kFeatureBands);
  for (std::size_t row = 0; row < 101; ++row) {
    track.onsets[row] = static_cast<float>(row);
    for (std::size_t band = 0; band < kFeatureBands; ++band) {
      track.bands[row * kFeatureBands + band] = static_cast<float>(row) + 1000.0F * static_cast<float>(band);
    }
  }
  track.beats = {0.26, 0.76, 1.16};
  return track;
}

TEST(Features, ColumnsAreMeansOnsetsAndBeats) {
  const std::vector<float> features = music::cut_features(ramp(), 0.2, 0.1, 3);
  ASSERT_EQ(features.size(), 3U * kFeatureSize);
  const float* row = features.data() + kFeatureSize;  // hears 0.3 to 0.4 s: rows 15 to 20
  EXPECT_NEAR(row[0], 17.5, 1e-4);
  EXPECT_NEAR(row[63], 63017.5, 0.02);
  for (int sub = 0; sub < kSubframes; ++sub) {
    EXPECT_NEAR(row[kFeatureBands + sub], 15.5 + sub, 1e-4);
  }
  const float* beat = row + kFeatureBands + kSubframes;  // 0.04 s of a beat of 0.5 s
  EXPECT_NEAR(beat[0], std::sin(2 * std::numbers::pi * 0.08), 1e-6);
  EXPECT_NEAR(beat[1], std::cos(2 * std::numbers::pi * 0.08), 1e-6);
}

TEST(Features, EachBeatMarksTheNearestFrame) {
  const std::vector<float> features = music::cut_features(ramp(), 0.0, 0.1, 16);
  for (std::int64_t f = 0; f < 16; ++f) {
    const float mark = features[static_cast<std::size_t>(f) * kFeatureSize + kFeatureSize - 1];
    EXPECT_EQ(mark, f == 3 || f == 8 || f == 12 ? 1.0F : 0.0F) << "frame " << f;
  }
}

TEST(Features, PhaseGoesOnBeyondTheBeatsAndFollowsTheStretch) {
  const auto phase = [](const std::vector<float>& features, std::size_t frame) {
    const float* beat = features.data() + frame * kFeatureSize + kFeatureBands + kSubframes;
    const double turn = std::atan2(beat[0], beat[1]) / (2 * std::numbers::pi);
    return turn - std::floor(turn);
  };
  EXPECT_NEAR(phase(music::cut_features(ramp(), 0.16, 0.1, 1), 0), 0.8, 1e-6);   // 0.1 s before the first of 0.5 s
  EXPECT_NEAR(phase(music::cut_features(ramp(), 1.26, 0.1, 1), 0), 0.25, 1e-6);  // after the last of 0.4 s
  EXPECT_NEAR(phase(music::cut_features(ramp(), 0.26, 0.15, 2), 1), 0.3, 1e-6);
  music::FeatureTrack free = ramp();
  free.beats = {0.5};
  const std::vector<float> features = music::cut_features(free, 0.3, 0.1, 1);
  EXPECT_EQ(features[kFeatureBands + kSubframes], 0.0F);  // one beat has no phase
  EXPECT_EQ(features[kFeatureBands + kSubframes + 1], 0.0F);
}

TEST(Features, HeldBeyondTheEnds) {
  const std::vector<float> features = music::cut_features(ramp(), 1.9, 0.1, 4);
  EXPECT_EQ(features[3 * kFeatureSize], 100.0F);
}

TEST(Features, LoudSoundsAreLoudAndOnsetsStandAtTheClicks) {
  const music::FeatureTrack track = music::analyse_track(clicks(16000, 4.0, 120));
  ASSERT_EQ(track.rows(), 201);
  for (std::int64_t row = 10; row < 190; ++row) {
    const double since = std::remainder(static_cast<double>(row) / 50 - 0.5, 0.5);
    const float onset = track.onsets[static_cast<std::size_t>(row)];
    if (row >= 20 && std::abs(since + 0.02) < 0.011) {
      EXPECT_GT(onset, 0.5F) << "row " << row;  // heard a window's half before
    } else if (std::abs(since) > 0.05) {
      EXPECT_LT(onset, 0.5F) << "row " << row;
    }
  }
  media::Audio quiet = clicks(16000, 4.0, 120);
  for (float& sample : quiet.samples) {
    sample *= 0.5F;
  }
  const music::FeatureTrack softer = music::analyse_track(quiet, {});
  EXPECT_NEAR(track.bands[2000] - softer.bands[2000], 20 * std::log10(2.0) / 40, 1e-3);
  EXPECT_TRUE(softer.beats.empty());
}

// What makes a window of a song the same whether the whole song is there or not.
TEST(Features, TheAnalysisIsLocal) {
  media::Audio song = band(16000, 12.0, 110);
  const music::FeatureTrack whole = music::analyse_track(song, {});
  song.samples.erase(song.samples.begin(), song.samples.begin() + 4 * 16000);
  const music::FeatureTrack part = music::analyse_track(song, {});
  for (std::int64_t row = 3; row < part.rows(); ++row) {
    ASSERT_EQ(part.onsets[static_cast<std::size_t>(row)], whole.onsets[static_cast<std::size_t>(row) + 200]) << row;
  }
}

TEST(Features, AmplifyIsALouderSoundAndTheFloorStays) {
  media::Audio song = clicks(16000, 3.0, 110);  // its whisper of noise lies above the floor
  std::vector<float> amplified = music::cut_features(music::analyse_track(song, {}), 0.3, 0.1, 20);
  for (float& sample : song.samples) {
    sample *= 2.0F;
  }
  const std::vector<float> louder = music::cut_features(music::analyse_track(song, {}), 0.3, 0.1, 20);
  music::amplify(amplified, 20 * std::log10(2.0));
  for (std::size_t i = 0; i < louder.size(); ++i) {
    ASSERT_NEAR(amplified[i], louder[i], 1e-4) << i;
  }
  const std::vector<float> silent = music::cut_features(music::analyse_track(silence(16000, 3.0), {}), 0.3, 0.1, 20);
  std::vector<float> still = silent;
  music::amplify(still, 12.0);
  EXPECT_EQ(still, silent);
}

TEST(Features, RefuseWhatCannotBeCut) {
  EXPECT_THAT(error_of([] { music::cut_features({}, 0, 0.1, 1); }), ::testing::HasSubstr("0 rows"));
  EXPECT_THAT(error_of([] { music::analyse_track(silence(11025, 1.0), {}); }), ::testing::HasSubstr("multiple of 50"));
}

}  // namespace
}  // namespace stgmamba::test
