// SPDX-License-Identifier: MIT
// Tracked beats and music features of a dataset: what batches hold, and that it is found once.
#include "data/music_cache.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/data/loader.hpp"
#include "stgmamba/util/file.hpp"

#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;

constexpr double kPeriod = 0.5;  // s between the clicks of "clicked"

/// A take of clicks at 0.3 s, 0.8 s, ... without true beats ("clicked"), and one with ("told").
Dataset write_clicked(const fs::path& folder) {
  DatasetWriter writer(folder, {"clicked", "MIT", "made by a test", "test"});
  for (const char* id : {"clicked", "told"}) {
    Take take = test::make_take(id, id, "kpop", 14.0);
    std::fill(take.audio.samples.begin(), take.audio.samples.end(), 0.0F);
    for (std::size_t i = 0; i < take.audio.samples.size(); ++i) {
      const double since = std::fmod(static_cast<double>(i) / kSampleRate + 0.2, kPeriod);
      take.audio.samples[i] = static_cast<float>(0.8 * std::exp(-since / 0.02) * std::sin(6000 * since));
    }
    take.info.beats = std::string(id) == "told" ? std::vector<double>{0.1, 1.1, 2.1} : std::vector<double>();
    writer.add(std::move(take));
  }
  writer.set_split("train", {"clicked", "told"});
  writer.set_split("test", {"clicked", "told"});
  writer.finish();
  return Dataset::open(folder);
}

std::size_t files_in(const fs::path& folder) {
  return fs::exists(folder) ? static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {})) : 0U;
}

class MusicCacheTest : public ::testing::Test {
 protected:
  MusicCacheTest() : dataset_(write_clicked(folder_ / "set")) {
    config_.batch_size = 2;
    config_.features = "mel_onset_beat";
  }
  const TakeInfo& take(std::size_t at) const { return dataset_.takes().at(at); }
  fs::path cache() const { return folder_ / "set/cache/music"; }

  TempFolder folder_;
  Dataset dataset_;
  DataConfig config_;
};

TEST_F(MusicCacheTest, BeatsAreTheCorpussOrTheTrackers) {
  const std::vector<double> told = {0.1, 1.1, 2.1};
  const std::string hash = dataset_.hash();
  dataset_.choose_beats("truth");
  EXPECT_TRUE(take(0).beats.empty());
  EXPECT_EQ(files_in(cache()), 0U);
  dataset_.choose_beats("auto");
  ASSERT_GT(take(0).beats.size(), 20U);
  for (std::size_t i = 1; i + 1 < take(0).beats.size(); ++i) {
    EXPECT_NEAR(std::remainder(take(0).beats[i] - 0.3, kPeriod), 0.012, 0.017);
  }
  EXPECT_EQ(take(1).beats, told);
  dataset_.choose_beats("tracker");
  EXPECT_EQ(take(1).beats, take(0).beats);
  EXPECT_EQ(files_in(cache()), 1U);  // both takes have one sound
  EXPECT_EQ(dataset_.hash(), hash);  // the data on disk is the same
  EXPECT_GE(evaluation_batches(dataset_, DataConfig{.frames = 50}, "test").at(0).beats.at(0).size(), 9U);
  EXPECT_EQ(test::exit_code_of([&] { dataset_.choose_beats("ears"); }), 2);
}

TEST_F(MusicCacheTest, WhatIsKeptIsUsedAndWhatIsDamagedIsMadeAnew) {
  const MusicCache cache_of(folder_ / "set");
  int decoded = 0;
  const auto sound = [&] {
    ++decoded;
    return dataset_.load(take(0)).audio;
  };
  const music::FeatureTrack fresh = cache_of.features(take(0), sound);
  EXPECT_EQ(decoded, 2);  // beats have a file of their own
  const music::FeatureTrack kept = cache_of.features(take(0), sound);
  EXPECT_EQ(decoded, 2);
  EXPECT_EQ(kept.bands, fresh.bands);
  EXPECT_EQ(kept.onsets, fresh.onsets);
  EXPECT_EQ(kept.beats, fresh.beats);
  EXPECT_EQ(fresh.rows(), 14 * 50 + 1);
  for (const auto& entry : fs::directory_iterator(cache())) {
    util::write_text(entry.path(), "half a file");
  }
  EXPECT_EQ(cache_of.features(take(0), sound).bands, fresh.bands);
  EXPECT_EQ(decoded, 4);
  EXPECT_EQ(cache_of.features(take(0), sound).beats, fresh.beats);
  EXPECT_EQ(decoded, 4);
  TakeInfo other = take(0);
  other.hashes["audio.wav"] = std::string(32, '0');
  cache_of.beats(other, sound);
  EXPECT_EQ(decoded, 5);  // another sound is another file
}

TEST_F(MusicCacheTest, KeepsNothingWhereItIsNotTo) {
  dataset_.keep_music(false);
  dataset_.choose_beats("tracker");
  EXPECT_FALSE(evaluation_batches(dataset_, config_, "test").at(0).features.empty());
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(MusicCacheTest, AFolderThatCannotBeWrittenOnlyCostsTime) {
  util::write_text(folder_ / "set/cache", "a file where the folder would be");
  const music::FeatureTrack track =
      MusicCache(folder_ / "set").features(take(0), [&] { return dataset_.load(take(0)).audio; });
  EXPECT_GT(track.rows(), 0);
}

TEST_F(MusicCacheTest, BatchesHoldTheFeaturesOfTheirWindows) {
  const Batch batch = evaluation_batches(dataset_, config_, "test").at(1);
  const Features& features = batch.features.at("mel_onset_beat");
  ASSERT_EQ(features.size, music::kFeatureSize);
  ASSERT_EQ(features.values.size(), static_cast<std::size_t>(batch.size * batch.frames * features.size));
  const music::FeatureTrack track = music::analyse_track(dataset_.load(take(1)).audio);
  const std::vector<float> expected = music::cut_features(track, batch.start[1], 0.1, batch.frames);
  const auto row = features.values.begin() + batch.frames * features.size;
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), row));
  config_.features = "waveform";
  EXPECT_TRUE(evaluation_batches(dataset_, config_, "test").at(0).features.empty());
}

TEST_F(MusicCacheTest, FeaturesFollowStretchAndGain) {
  config_.augment = {.gain_db = 0, .equaliser_db = 0, .noise = 0, .stretch = 0.3, .mirror = 0};
  const auto first_row = [&](const Batch& batch) {
    const Features& features = batch.features.at("mel_onset_beat");
    const auto begin = features.values.begin();
    return std::vector<float>(begin, begin + batch.frames * features.size);
  };
  const auto marks = [&](const std::vector<float>& row) {
    float sum = 0.0F;
    for (std::size_t at = music::kFeatureSize - 1; at < row.size(); at += music::kFeatureSize) {
      sum += row[at];
    }
    return sum;
  };
  dataset_.choose_beats("tracker");
  const Batch stretched = Loader(dataset_, config_, "train", 3, true).at(0);
  EXPECT_NEAR(marks(first_row(stretched)), static_cast<double>(stretched.beats[0].size()), 1.0);
  config_.augment.gain_db = 12;
  const Batch louder = Loader(dataset_, config_, "train", 3, true).at(0);
  EXPECT_NE(first_row(louder), first_row(stretched));
  EXPECT_EQ(marks(first_row(louder)), marks(first_row(stretched)));
}

}  // namespace
}  // namespace stgmamba::data
