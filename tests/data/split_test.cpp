// SPDX-License-Identifier: MIT
#include "stgmamba/data/split.hpp"

#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TakeInfo info(const std::string& id, const std::string& source, const std::string& style,
              const std::string& song = "") {
  TakeInfo take;
  take.id = id;
  take.source = source;
  take.style = style;
  take.song = song;
  return take;
}

TEST(Split, PapersCounts) {
  std::vector<TakeInfo> takes;
  const auto add = [&](const std::string& style, int videos) {
    for (int v = 0; v < videos; ++v) {
      for (int t = 0; t < 3; ++t) {
        takes.push_back(info(fmt::format("{}{:03}_{}", style, v, t), fmt::format("{}{:03}", style, v), style));
      }
    }
  };
  add("kpop", 40);
  add("ballet", 20);
  add("popping", 40);
  const SplitLists lists = make_split(takes, {.test_share = 0.1, .val_share = 0.0});
  EXPECT_EQ(lists.count("val"), 0U);
  EXPECT_EQ(lists.at("test").size(), 3U * (4 + 2 + 4));
  EXPECT_EQ(lists.at("train").size(), 3U * 90);
  EXPECT_EQ(lists.at("test").front(), "ballet018_0");
  EXPECT_EQ(lists.at("test").back(), "popping039_2");
  const SplitLists more = make_split(takes);
  EXPECT_EQ(more.at("test"), lists.at("test"));  // validation comes out of training
  EXPECT_EQ(more.at("val").size(), 3U * (4 + 2 + 4));
  EXPECT_EQ(more.at("val").front(), "ballet016_0");
}

TEST(Split, RoundsUpWithoutBinaryDust) {
  std::vector<TakeInfo> takes;
  for (int i = 0; i < 31; ++i) {
    if (i == 30) {
      EXPECT_EQ(make_split(takes).at("test").size(), 3U);  // 0.1 * 30 is above 3 in binary
    }
    takes.push_back(info(fmt::format("t{:02}", i), fmt::format("v{:02}", i), "kpop"));
  }
  EXPECT_EQ(make_split(takes).at("test").size(), 4U);
}

TEST(Split, SourcesAndSongsStayTogether) {
  // v1 and v3 share a song, v3 has two takes: one group of three takes.
  const std::vector<TakeInfo> takes = {info("a", "v1", "kpop", "s1"), info("b", "v2", "kpop", "s2"),
                                       info("c", "v3", "kpop", "s1"), info("d", "v3", "kpop", "s3")};
  SplitLists lists = make_split(takes, {.test_share = 0.1, .val_share = 0.0});
  EXPECT_THAT(lists["test"], ElementsAre("b"));
  EXPECT_THAT(lists["train"], ElementsAre("a", "c", "d"));
  lists = make_split(takes, {.test_share = 0.1, .val_share = 0.0, .by_song = false});
  EXPECT_THAT(lists["test"], ElementsAre("c", "d"));
}

TEST(Split, TrainingAlwaysKeepsSomething) {
  SplitLists lists = make_split({info("a", "v", "kpop"), info("b", "v", "kpop")});
  EXPECT_THAT(lists["train"], ElementsAre("a", "b"));
  EXPECT_THAT(lists["test"], IsEmpty());
  lists = make_split({info("a", "v1", "kpop"), info("b", "v2", "kpop")});
  EXPECT_THAT(lists["train"], ElementsAre("a"));
  EXPECT_THAT(lists["test"], ElementsAre("b"));
  EXPECT_EQ(test::exit_code_of([] { make_split({}, {.test_share = 1.0}); }), 2);
}

TEST(Split, RewritesAFolder) {
  const test::TempFolder folder;
  test::write_small(folder / "set");
  util::write_text(folder.path() / "set" / "splits" / "old.txt", "a0\n");
  util::write_text(folder.path() / "set" / "splits" / "test.txt", "ghost\n");
  split_dataset(folder / "set");
  const Dataset dataset = Dataset::open(folder / "set");
  EXPECT_EQ(dataset.split("test").at(0).id, "t0");  // "va" before "vt" among the k-pop videos
  EXPECT_EQ(dataset.split("train").size(), 3U);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "set" / "splits" / "old.txt"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "set" / "splits" / "rule.yaml"));
}

}  // namespace
}  // namespace stgmamba::data
