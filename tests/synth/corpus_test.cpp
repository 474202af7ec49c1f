// SPDX-License-Identifier: MIT
#include "stgmamba/synth/corpus.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using synth::TakeSpec;

TEST(Corpus, TableHasTheSongsItSays) {
  std::map<std::string, std::set<std::string>> songs;
  std::set<std::string> ids;
  for (const TakeSpec& take : synth::corpus(synth::Preset::kTable, 1)) {
    songs[take.split].insert(take.song);
    EXPECT_TRUE(ids.insert(take.id).second) << take.id;
    EXPECT_GE(take.song_spec.seconds, 40.0);
    EXPECT_LE(take.song_spec.seconds, 60.0);
  }
  EXPECT_EQ(songs["train"].size(), 54U);
  EXPECT_EQ(songs["val"].size(), 6U);
  EXPECT_EQ(songs["test"].size(), 24U);
  EXPECT_EQ(ids.size(), 84U * 4);
}

TEST(Corpus, TestSongsHaveSeedsKitsAndTemposOfTheirOwn) {
  std::set<std::uint64_t> trained;
  int in_band = 0;
  const std::vector<TakeSpec> takes = synth::corpus(synth::Preset::kTable, 1);
  for (const TakeSpec& take : takes) {
    if (take.split == "test") {
      continue;
    }
    trained.insert(take.song_spec.seed);
    EXPECT_LT(take.song_spec.kit, synth::kTrainingKits);
    const synth::TempoRange band = synth::held_out_tempos(take.song_spec.style);
    EXPECT_FALSE(take.song_spec.tempo > band.low && take.song_spec.tempo < band.high) << take.id;
  }
  for (const TakeSpec& take : takes) {
    if (take.split == "test") {
      EXPECT_EQ(trained.count(take.song_spec.seed), 0U);
      EXPECT_GE(take.song_spec.kit, synth::kTrainingKits);
      const synth::TempoRange band = synth::held_out_tempos(take.song_spec.style);
      in_band += take.song_spec.tempo >= band.low && take.song_spec.tempo <= band.high ? 1 : 0;
    }
  }
  EXPECT_GE(in_band, 12 * 4);
}

TEST(Corpus, TinyIsFourOneOneAndChangesWithItsSeed) {
  std::map<std::string, int> takes;
  for (const TakeSpec& take : synth::corpus(synth::Preset::kTiny, 1)) {
    ++takes[take.split];
  }
  EXPECT_EQ(takes["train"], 8);
  EXPECT_EQ(takes["val"], 2);
  EXPECT_EQ(takes["test"], 2);
  EXPECT_NE(synth::corpus(synth::Preset::kTiny, 1)[0].song_spec.seed,
            synth::corpus(synth::Preset::kTiny, 2)[0].song_spec.seed);
  EXPECT_EQ(exit_code_of([] { synth::preset_from_name("tabel"); }), 2);
}

}  // namespace
}  // namespace stgmamba::test
