// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::config {
namespace {

using test::TempFolder;

struct Optim {
  double lr = 3e-4;
  std::vector<double> betas = {0.9, 0.999};
  std::string schedule = "constant";
  bool fused = false;
  std::int64_t warmup = 0;
};

Optim read_optim(const Document& document) {
  Optim optim;
  Section section = document.root().section("optim");
  section.read("lr", optim.lr, {.above = 0});
  section.read("betas", optim.betas, {.min = 0, .below = 1});
  section.read("schedule", optim.schedule, {"constant", "cosine"});
  section.read("fused", optim.fused);
  section.read("warmup", optim.warmup, {.min = 0});
  document.finish();
  return optim;
}

TEST(Document, DefaultsStayWhenKeysAreAbsent) {
  const Optim optim = read_optim(Document::parse("", "empty"));
  EXPECT_EQ(optim.lr, 3e-4);
  EXPECT_EQ(optim.schedule, "constant");
}

TEST(Document, OverridesAreTypedLikeTheFile) {
  const Optim optim = read_optim(Document::parse("optim:\n  lr: 1e-3\n", "a.yaml",
                                                 {"optim.lr=0.5", "optim.betas=[0.5, 0.9]", "optim.fused=true"}));
  EXPECT_EQ(optim.lr, 0.5);
  EXPECT_EQ(optim.betas, (std::vector<double>{0.5, 0.9}));
  EXPECT_TRUE(optim.fused);
}

TEST(Document, BasesMergeKeyByKeyAndKeepTheirPositions) {
  const TempFolder folder;
  util::write_text(folder / "base.yaml", "optim:\n  lr: 0.1\n  warmup: 5\n");
  util::write_text(folder / "child.yaml", "base: base.yaml\noptim:\n  lr: 0.2\n");
  const Document document = Document::load(folder / "child.yaml");
  const Optim optim = read_optim(document);
  EXPECT_EQ(optim.lr, 0.2);
  EXPECT_EQ(optim.warmup, 5);
  EXPECT_THAT(document.resolved(true), testing::HasSubstr("child.yaml:3:3"));
  EXPECT_THAT(document.resolved(true), testing::HasSubstr("base.yaml:3:3"));
  EXPECT_THAT(document.resolved(true), testing::HasSubstr("fused: false  # default"));
}

TEST(Document, ResolvedTextReadsBackToTheSameValues) {
  const Document first = Document::parse("optim: {lr: 0.00012345678901234567, schedule: cosine, warmup: 010}", "a");
  const Optim optim = read_optim(first);
  EXPECT_EQ(optim.warmup, 10);  // decimal, not octal
  const Document second = Document::parse(first.resolved(false), "b");
  const Optim again = read_optim(second);
  EXPECT_EQ(optim.lr, again.lr);
  EXPECT_EQ(first.resolved(false), second.resolved(false));
  EXPECT_EQ(first.hash(), second.hash());
}

TEST(Document, TextSurvivesWhateverItLooksLike) {
  for (const std::string text : {"true", "1e3", "a b: c", "say \"hi\" \\", "", "two\nlines\ttab", "bell\a", "~", "null",
                                 "# x", "café", "a, b]", "-x", "data/mdvs"}) {
    std::string value = text;
    Document first = Document::parse("", "a");
    first.root().read("name", value);
    std::string back = "changed";
    Document::parse(first.resolved(false), "b").root().read("name", back);
    EXPECT_EQ(back, text);
  }
}

TEST(Document, EveryTypeReadsBack) {
  const auto read = [](const Document& document) {
    bool flag = true;
    int small = -3;
    std::int64_t large = std::numeric_limits<std::int64_t>::min();
    std::uint64_t seed = std::numeric_limits<std::uint64_t>::max();
    double number = 0.1 + 0.2;
    std::vector<std::string> texts = {"a, b", "", "1"};
    std::vector<double> numbers = {1e-300, -2, 3.5e20};
    std::vector<std::int64_t> wholes = {1, -2};
    Section root = document.root();
    root.read("flag", flag);
    root.read("small", small);
    Section inner = root.section("outer").section("inner");
    inner.read("large", large);
    inner.read("seed", seed);
    inner.read("number", number);
    root.read("texts", texts);
    inner.read("numbers", numbers);
    root.section("outer").read("wholes", wholes);
    document.finish();
    return document.resolved(false);
  };
  const std::string text =
      "flag: true\nsmall: -3\nouter:\n  inner:\n    large: -9223372036854775808\n"
      "    seed: 18446744073709551615\n    number: 0.30000000000000004\n    numbers: [1e-300, -2, 3.5e+20]\n"
      "  wholes: [1, -2]\ntexts: [\"a, b\", \"\", \"1\"]\n";
  EXPECT_EQ(read(Document::parse("", "a")), text);  // in reading order, grouped by section
  EXPECT_EQ(read(Document::parse(text, "b")), text);
}

TEST(Document, AnEmptySectionChangesNothing) {
  const TempFolder folder;
  util::write_text(folder / "base.yaml", "optim:\n  lr: 0.1\n");
  util::write_text(folder / "child.yaml", "base: base.yaml\noptim:\n#  lr: 0.2\n");
  EXPECT_EQ(read_optim(Document::load(folder / "child.yaml")).lr, 0.1);
  util::write_text(folder / "child.yaml", "base: base.yaml\noptim:\n  lr: null\n");
  EXPECT_EQ(read_optim(Document::load(folder / "child.yaml")).lr, 3e-4);  // a null value is the default
}

TEST(Document, TheLastBaseWinsAndTheCommandLineWinsOverAll) {
  const TempFolder folder;
  util::make_folders(folder / "sub");
  util::write_text(folder / "one.yaml", "optim: {lr: 0.1, warmup: 1, fused: true}\n");
  util::write_text(folder / "two.yaml", "base: one.yaml\noptim: {lr: 0.2, warmup: 2}\n");
  util::write_text(folder / "sub/child.yaml", "base: [../one.yaml, ../two.yaml]\noptim: {schedule: cosine}\n");
  const Document document = Document::load(folder / "sub/child.yaml", {"optim.warmup=3", "optim.warmup=4"});
  const Optim optim = read_optim(document);
  EXPECT_EQ(optim.lr, 0.2);
  EXPECT_EQ(optim.warmup, 4);
  EXPECT_TRUE(optim.fused);
  EXPECT_EQ(optim.schedule, "cosine");
  EXPECT_THAT(document.resolved(true), testing::HasSubstr("warmup: 4  # command line: 'optim.warmup=4'"));
  EXPECT_THAT(document.resolved(true), testing::HasSubstr((folder / "two.yaml").string() + ":2:9"));
}

TEST(Document, EveryShippedFileIsPlainAndItsBasesExist) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(STG_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() == ".yaml") {
      EXPECT_EQ(test::error_of([&] { Document::load(entry.path()); }), "");
      ++count;
    }
  }
  EXPECT_GT(count, 5);
}

TEST(FindConfig, LooksHereThenInConfigsThenInTheShareFolder) {
  const TempFolder folder;
  util::make_folders(folder / "configs");
  util::make_folders(folder / "share/configs");
  util::write_text(folder / "share/configs/kpop.yaml", "");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  setenv("STG_SHARE_DIR", (folder / "share").c_str(), 1);
  EXPECT_EQ(find_config("kpop.yaml"), folder / "share/configs/kpop.yaml");
  EXPECT_EQ(find_config("kpop"), folder / "share/configs/kpop.yaml");
  EXPECT_THAT(test::error_of([] { find_config("kpopp.yaml"); }), testing::HasSubstr("(did you mean 'kpop.yaml'?)"));
  util::write_text(folder / "configs/kpop.yaml", "");
  util::make_folders(folder / "share/dancer");
  EXPECT_EQ(find_shared("dancer"), "share/dancer");
  EXPECT_EQ(find_shared("nobody"), "");
  EXPECT_EQ(find_config("kpop.yaml"), "configs/kpop.yaml");
  util::write_text(folder / "kpop.yaml", "");
  EXPECT_EQ(find_config("kpop"), "kpop.yaml");
  unsetenv("STG_SHARE_DIR");
  std::filesystem::current_path(before);
}

TEST(FindConfig, TakesPathsAsTheyAre) {
  EXPECT_EQ(find_config("configs/x.yaml"), "configs/x.yaml");
}

}  // namespace
}  // namespace stgmamba::config
