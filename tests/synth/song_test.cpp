// SPDX-License-Identifier: MIT
#include "stgmamba/synth/song.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

synth::Song short_song(synth::Style style, std::uint64_t seed, double seconds = 12.0) {
  synth::SongSpec spec;
  spec.style = style;
  spec.seed = seed;
  spec.seconds = seconds;
  return synth::make_song(spec);
}

class EveryStyle : public ::testing::TestWithParam<synth::Style> {};

TEST_P(EveryStyle, IsAFunctionOfItsSpec) {
  const synth::Song a = short_song(GetParam(), 5), b = short_song(GetParam(), 5), other = short_song(GetParam(), 6);
  EXPECT_EQ(a.audio.samples, b.audio.samples);
  EXPECT_EQ(a.beats, b.beats);
  EXPECT_NE(a.audio.samples, other.audio.samples);
}

TEST_P(EveryStyle, KeepsItsMetreAndTempo) {
  const synth::Song song = short_song(GetParam(), 7);
  const synth::TempoRange range = synth::tempo_range(GetParam());
  EXPECT_EQ(song.beats_per_bar, GetParam() == synth::Style::kBallet ? 3 : 4);
  EXPECT_GE(song.spec.tempo, range.low);
  EXPECT_LE(song.spec.tempo, range.high);
  ASSERT_GE(song.beats.size(), 8U);
  const double mean = (song.beats.back() - song.beats.front()) / static_cast<double>(song.beats.size() - 1);
  EXPECT_NEAR(mean, 60.0 / song.spec.tempo, 0.02 * mean);
  ASSERT_EQ(song.beat_in_bar.size(), song.beats.size());
  for (std::size_t i = 1; i < song.beats.size(); ++i) {
    EXPECT_GT(song.beats[i], song.beats[i - 1]);
    EXPECT_EQ(song.beat_in_bar[i], (song.beat_in_bar[i - 1] + 1) % song.beats_per_bar);
  }
}

TEST_P(EveryStyle, SoundsLoudestJustAfterItsBeats) {
  const synth::Song song = short_song(GetParam(), 9, 20.0);
  const auto& samples = song.audio.samples;
  EXPECT_EQ(std::ssize(samples), static_cast<std::int64_t>(20.0 * song.audio.rate));
  float peak = 0.0F;
  for (const float value : samples) {
    ASSERT_TRUE(std::isfinite(value));
    peak = std::max(peak, std::abs(value));
  }
  EXPECT_LE(peak, 1.0F);
  EXPECT_GT(peak, 0.2F);
  // Energy of 60 ms windows at a share of the beat period, summed over the song.
  const auto energy_at = [&](double share) {
    double sum = 0.0;
    for (std::size_t i = 0; i + 1 < song.beats.size(); ++i) {
      const double at = song.beats[i] + share * (song.beats[i + 1] - song.beats[i]);
      for (auto k = static_cast<std::size_t>(at * song.audio.rate);
           k < static_cast<std::size_t>((at + 0.06) * song.audio.rate) && k < samples.size(); ++k) {
        sum += samples[k] * samples[k];
      }
    }
    return sum;
  };
  EXPECT_GT(energy_at(0.0), 1.2 * energy_at(0.85)) << "the beat is not heard";
}

INSTANTIATE_TEST_SUITE_P(Styles, EveryStyle, ::testing::ValuesIn(synth::kAllStyles));

TEST(Song, ScoreIsTheSongWithoutItsSound) {
  synth::SongSpec spec;
  spec.seconds = 15.0;
  const synth::Song whole = synth::make_song(spec), score = synth::make_score(spec);
  EXPECT_EQ(whole.beats, score.beats);
  EXPECT_EQ(whole.energy, score.energy);
  EXPECT_TRUE(score.audio.samples.empty());
}

TEST(Song, RefusesWhatNoSongCanBe) {
  synth::SongSpec spec;
  spec.seconds = 1.0;
  EXPECT_EQ(exit_code_of([&] { synth::make_song(spec); }), 2);
  spec.seconds = 10.0;
  spec.tempo = 500.0;
  EXPECT_EQ(exit_code_of([&] { synth::make_song(spec); }), 2);
  EXPECT_EQ(exit_code_of([&] { synth::style_from_name("tango"); }), 2);
}

TEST(Song, BeatsAreFoundByTime) {
  const synth::Song song = synth::click_track(120.0, 10.0);
  const synth::BeatPosition at = synth::beat_at(song, song.beats[3] + 0.125);
  EXPECT_EQ(at.beat, 3);
  EXPECT_NEAR(at.phase, 0.25, 1e-9);
  EXPECT_EQ(synth::beat_at(song, song.beats[0] - 0.01).beat, -1);
}

}  // namespace
}  // namespace stgmamba::test
