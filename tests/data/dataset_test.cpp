// SPDX-License-Identifier: MIT
#include "stgmamba/data/dataset.hpp"

#include <cmath>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::make_take;
using test::TempFolder;
using testing::HasSubstr;

TEST(Dataset, WhatIsWrittenIsRead) {
  const TempFolder folder;
  const Dataset dataset = test::write_small(folder / "set");
  ASSERT_EQ(dataset.takes().size(), 4U);
  const Take take = dataset.load(dataset.split("test").at(0));
  EXPECT_EQ(take.info.id, "t0");
  EXPECT_EQ(take.info.source, "vt");
  EXPECT_EQ(take.info.frames, 330);
  EXPECT_NEAR(take.info.seconds, 11.0, 1e-9);
  ASSERT_EQ(take.audio.samples.size(), 176000U);
  EXPECT_NEAR(take.audio.samples[12345], test::tone_at(12345 / 16000.0), 1e-4);
  EXPECT_NEAR(take.motion.x(100, 3), test::joint_x(3, 100 / 30.0), 1e-3);
  EXPECT_EQ(take.info.beats.size(), 22U);
  EXPECT_EQ(take.info.hashes.size(), 2U);
}

TEST(Dataset, MissingJointsStayMissing) {
  const TempFolder folder;
  Take take = make_take("a", "v", "kpop", 6.0);
  take.motion.x(7, 4) = take.motion.y(7, 4) = std::nanf("");
  take.motion.score[7 * skeleton::kJoints + 4] = 0.0F;
  DatasetWriter writer(folder / "set", {});
  writer.add(std::move(take));
  writer.finish();
  const Dataset dataset = Dataset::open(folder / "set");
  const Take read = dataset.load(dataset.takes().at(0));
  EXPECT_TRUE(read.motion.missing(7, 4));
  EXPECT_TRUE(std::isnan(read.motion.x(7, 4)));
}

TEST(Dataset, SplitsKeepOrderAndStyles) {
  const TempFolder folder;
  const Dataset dataset = test::write_small(folder / "set");
  const auto train = dataset.split("train");
  ASSERT_EQ(train.size(), 3U);
  EXPECT_EQ(train[2].id, "b0");
  ASSERT_EQ(dataset.split("train", {"ballet"}).size(), 1U);
  EXPECT_THAT(error_of([&] { dataset.split("val"); }), HasSubstr("no split 'val', only test, train"));
  EXPECT_THAT(error_of([&] { dataset.split("train", {"tango"}); }), HasSubstr("got 'tango'"));
}

TEST(Dataset, MissingFolderNamesTheCommand) {
  const TempFolder folder;
  const auto open = [&] { Dataset::open(folder / "nothing"); };
  EXPECT_EQ(exit_code_of(open), 4);
  EXPECT_THAT(error_of(open), HasSubstr("stg_data import"));
  EXPECT_THAT(error_of([&] { Dataset::open(folder / "synth-small"); }), HasSubstr("stg_data synth --preset small"));
  fs::create_directory(folder / "other");
  EXPECT_THAT(error_of([&] { Dataset::open(folder / "other"); }), HasSubstr("card.yaml is missing"));
  EXPECT_EQ(exit_code_of([] { Dataset::open(""); }), 4);
}

TEST(Dataset, BadRowsAndSplitsAreNamed) {
  const TempFolder folder;
  test::write_small(folder / "set");
  const fs::path split = folder.path() / "set" / "splits" / "test.txt";
  util::write_text(split, "t0\nghost\n");
  EXPECT_THAT(error_of([&] { Dataset::open(folder / "set"); }), HasSubstr("take 'ghost' is not in index.jsonl"));
  util::write_text(split, "t0\r\n");  // edited on Windows
  EXPECT_EQ(Dataset::open(folder / "set").split("test").size(), 1U);
  const fs::path index = folder.path() / "set" / "index.jsonl";
  const std::string text = util::read_text(index);
  util::write_text(index, text + R"({"id":"../x","source":"s","style":"kpop","seconds":1,"fps":10,"frames":10})"
                                 "\n");
  EXPECT_THAT(error_of([&] { Dataset::open(folder / "set"); }), HasSubstr("row 5"));
  util::write_text(index, text + "{\"id\":\"x\"}\n");
  EXPECT_THAT(error_of([&] { Dataset::open(folder / "set"); }), HasSubstr("not the row of a take"));
}

TEST(Dataset, HashSeesContentAndSplitsOnly) {
  const TempFolder folder;
  const std::string first = test::write_small(folder / "one").hash();
  EXPECT_EQ(test::write_small(folder / "two").hash(), first);
  util::write_text(folder.path() / "two" / "splits" / "test.txt", "");
  EXPECT_NE(Dataset::open(folder / "two").hash(), first);
  DatasetWriter writer(folder / "three", {});
  Take take = make_take("a", "v", "kpop", 5.0);
  take.audio.samples[99] += 0.1F;
  writer.add(std::move(take));
  writer.finish();
  DatasetWriter other(folder / "four", {});
  other.add(make_take("a", "v", "kpop", 5.0));
  other.finish();
  EXPECT_NE(Dataset::open(folder / "three").hash(), Dataset::open(folder / "four").hash());
}

TEST(DatasetWriter, LeavesNothingWithoutFinish) {
  const TempFolder folder;
  {
    DatasetWriter writer(folder / "set", {});
    writer.add(make_take("a", "v", "kpop", 5.0));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(DatasetWriter, ThreadsAddInAnyOrder) {
  const TempFolder folder;
  std::string hashes[2];
  for (int round = 0; round < 2; ++round) {
    const fs::path target = folder / ("set" + std::to_string(round) + "/");  // a slash at the end is no other name
    DatasetWriter writer(target, {});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&writer, id = round == 0 ? i : 3 - i] {
        writer.add(make_take("t" + std::to_string(id), "v", "kpop", 5.0 + id));
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    writer.finish();
    hashes[round] = Dataset::open(target).hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(DatasetWriter, ReplacesOnlyDatasetsAndOnlyWhenAllowed) {
  const TempFolder folder;
  test::write_small(folder / "set");
  EXPECT_THAT(error_of([&] { DatasetWriter(folder / "set", {}); }), HasSubstr("exists already"));
  DatasetWriter writer(folder / "set", {}, true);
  writer.add(make_take("new", "v", "kpop", 5.0));
  EXPECT_EQ(Dataset::open(folder / "set").takes().size(), 4U);  // the old one stands until finish
  writer.finish();
  EXPECT_EQ(Dataset::open(folder / "set").takes().size(), 1U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  fs::create_directory(folder / "photos");
  util::write_text(folder / "photos/a.txt", "dear");
  EXPECT_THAT(error_of([&] { DatasetWriter(folder / "photos", {}, true); }), HasSubstr("no dataset folder"));
}

TEST(DatasetWriter, RefusesBadTakes) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", {});
  EXPECT_THAT(error_of([&] { writer.add(make_take("a/b", "v", "kpop", 5.0)); }), HasSubstr("'a/b'"));
  EXPECT_THAT(error_of([&] { writer.add(make_take("a", "v", "tango", 5.0)); }), HasSubstr("got 'tango'"));
  EXPECT_THAT(error_of([&] { writer.add(make_take("a", "", "kpop", 5.0)); }), HasSubstr("source"));
  writer.add(make_take("a", "v", "kpop", 5.0));
  EXPECT_THAT(error_of([&] { writer.add(make_take("a", "v", "kpop", 5.0)); }), HasSubstr("comes twice"));
}

TEST(DatasetWriter, CardIsYamlWhateverTheTextSays) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", {"a: \"b\"\n# c", "MIT", "x", "stg_data synth --out 'set'"});
  writer.add(make_take("a", "v", "kpop", 5.0));
  writer.finish();
  const config::Document card = config::Document::load(folder.path() / "set" / "card.yaml");
  std::string name;
  std::int64_t takes = 0;
  card.root().read("name", name);
  card.root().read("takes", takes);
  EXPECT_EQ(name, "a: \"b\"\n# c");
  EXPECT_EQ(takes, 1);
}

}  // namespace
}  // namespace stgmamba::data
