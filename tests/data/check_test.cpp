// SPDX-License-Identifier: MIT
#include "stgmamba/data/check.hpp"

#include <cmath>
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/data/card.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/data/split.hpp"
#include "stgmamba/util/file.hpp"

#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

namespace fs = std::filesystem;
using test::make_take;
using test::TempFolder;

bool has(const std::vector<Finding>& findings, Severity severity, const std::string& where, const std::string& what) {
  for (const Finding& finding : findings) {
    if (finding.severity == severity && finding.where.find(where) != std::string::npos &&
        finding.what.find(what) != std::string::npos) {
      EXPECT_FALSE(finding.remedy.empty());
      return true;
    }
  }
  ADD_FAILURE() << "no finding at '" << where << "' that says '" << what << "' among " << findings.size();
  for (const Finding& finding : findings) {
    ADD_FAILURE() << finding.where << ": " << finding.what;
  }
  return false;
}

/// A take that is fine but for what `spoil` does to it, alone in training.
std::vector<Finding> findings_of(const std::function<void(Take&)>& spoil) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", {});
  Take take = make_take("a", "va", "kpop", 8.0, 30.0, "s1");
  spoil(take);
  writer.add(std::move(take));
  writer.add(make_take("b", "vb", "kpop", 5.0, 30.0, "s2"));
  writer.add(make_take("c", "vc", "kpop", 5.0, 30.0, "s3"));
  writer.set_split("train", {"a"});
  writer.set_split("val", {"c"});
  writer.set_split("test", {"b"});
  writer.finish();
  return check_dataset(folder / "set");
}

/// The take with a video of 64x48, a picture a pose.
void film(Take& take) {
  take.frames.assign(static_cast<std::size_t>(take.motion.frames()), media::Image(64, 48, {90, 120, 60}));
  take.info.person = "somebody";
  take.info.framing = {64, 48, 0.1, 0.0, -20.5};
}

TEST(Check, AVideoGoesWithItsPoses) {
  EXPECT_TRUE(findings_of(film).empty());
  const auto wrong_size = [](Take& take) {
    film(take);
    take.info.framing.width = 62;
  };
  has(findings_of(wrong_size), Severity::kError, "a/video.mp4", "pictures of 64x48, the index says 240 of 62x48");
  const auto framed = [](double scale, const char* kind) {
    return findings_of([=](Take& take) {
      film(take);
      take.info.framing.scale = scale;
      take.info.framing.kind = kind;
    });
  };
  has(framed(0.0, "square_crop"), Severity::kError, "clips/a", "scale and stretch must be above 0");
  has(framed(0.1, "round"), Severity::kError, "clips/a", "one of square_crop, letterbox, stretch");
  has(framed(9.0, "square_crop"), Severity::kError, "clips/a", "joints lie in the picture");
  const TempFolder folder;
  DatasetWriter writer(folder / "set", {});
  for (const char* id : {"a", "b", "c"}) {
    Take take = make_take(id, id, "kpop", 5.0);
    film(take);
    writer.add(std::move(take));
  }
  writer.set_split("train", {"a"});
  writer.set_split("val", {"c"});
  writer.set_split("test", {"b"});
  writer.finish();
  const TakeInfo info = Dataset::open(folder / "set").takes().front();
  EXPECT_EQ(info.person, "somebody");
  EXPECT_EQ(info.framing.top, -20.5);
  has(check_dataset(folder / "set"), Severity::kError, "splits", "person 'somebody' leaks");
  util::write_text(folder / "set/clips/b/video.mp4", "torn");
  has(check_dataset(folder / "set"), Severity::kError, "b/video.mp4", "its content changed");
}

TEST(Check, AGoodFolderHasNoFindings) {
  EXPECT_TRUE(findings_of([](Take&) {}).empty());
  EXPECT_EQ(test::exit_code_of([] { check_dataset("/nowhere/at/all"); }), 4);
}

TEST(Check, SpoiltContent) {
  has(findings_of([](Take& take) { take.audio.samples.resize(16000 * 7); }), Severity::kError, "clips/a",
      "more than a frame apart");
  has(findings_of([](Take& take) { std::fill(take.audio.samples.begin(), take.audio.samples.end(), 0.0F); }),
      Severity::kWarning, "clips/a/audio.wav", "silent");
  has(findings_of([](Take& take) {
        for (std::int64_t f = 100; f < 240; ++f) {
          std::copy_n(take.motion.xy.begin() + 99 * 36, 36, take.motion.xy.begin() + f * 36);
        }
      }),
      Severity::kError, "clips/a/pose.npz", "stands still for 4.7 s");
  has(findings_of([](Take& take) { take.motion.x(7, 3) = std::nanf(""); }), Severity::kError, "clips/a/pose.npz",
      "1 joints are NaN or infinite though their score");
  has(findings_of([](Take& take) {
        for (std::int64_t f = 0; f < 240; ++f) {
          for (int joint = 0; joint < 5; ++joint) {
            take.motion.x(f, joint) = take.motion.y(f, joint) = std::nanf("");
            take.motion.score[static_cast<std::size_t>(f * 18 + joint)] = 0.0F;
          }
        }
      }),
      Severity::kError, "clips/a/pose.npz", "27.8 % of the joints are missing");
  // One frame too little of sound is in step.
  EXPECT_TRUE(findings_of([](Take& take) { take.audio.samples.resize(128000 - 530); }).empty());
}

TEST(Check, TakesTooShortToTrainOn) {
  has(findings_of([](Take& take) { take = make_take("a", "va", "kpop", 4.0, 30.0, "s1"); }), Severity::kError,
      "splits/train.txt", "no take lasts 5 s");
}

TEST(Check, Leaks) {
  has(findings_of([](Take& take) { take.info.source = "vb"; }), Severity::kError, "splits",
      "source 'vb' leaks: it is in test and train");
  has(findings_of([](Take& take) { take.info.song = "s2"; }), Severity::kError, "splits", "song 's2' leaks");
}

TEST(Check, AHeldOutEndIsNoLeakAndNoSplitUndoesIt) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", {"film", "CC0", "made by a test", "check_test"});
  writer.add(make_take("walk", "walk", "kpop", 8.0, 10.0));
  writer.add(make_take("walk_tail", "walk", "kpop", 2.0, 10.0));
  for (const char* split : {"val", "test"}) {
    writer.set_split(split, {"walk_tail"});
  }
  writer.set_split("train", {"walk"});
  writer.finish();
  const std::vector<Finding> findings = check_dataset(folder / "set");
  has(findings, Severity::kWarning, "splits", "only the end of 'walk' is held out");
  EXPECT_TRUE(std::none_of(findings.begin(), findings.end(),
                           [](const Finding& found) { return found.severity == Severity::kError; }));
  util::write_text(folder / "set" / "splits" / "train.txt", "walk\nwalk_tail\n");
  has(check_dataset(folder / "set"), Severity::kError, "splits", "source 'walk' leaks");
  EXPECT_THAT(test::error_of([&] { split_dataset(folder / "set", {}); }), testing::HasSubstr("--test-tail"));
}

TEST(Check, BrokenFolders) {
  const TempFolder folder;
  test::write_small(folder / "set");
  const fs::path set = folder / "set";
  fs::remove(set / "clips" / "a0" / "audio.wav");
  util::write_text(set / "clips" / "a1" / "pose.npz", "not a zip");
  const fs::path wav = set / "clips" / "b0" / "audio.wav";
  std::string bytes = util::read_text(wav);
  bytes[5000] = static_cast<char>(bytes[5000] ^ 1);
  util::write_text(wav, bytes);
  fs::create_directory(set / "clips" / "stray");
  util::write_text(set / "splits" / "train.txt", "a0\nghost\n");
  util::write_text(set / "splits" / "test.txt", "");
  fs::remove(set / "card.yaml");
  std::string index = util::read_text(set / "index.jsonl");
  index.replace(index.find("popping"), 7, "tango22");
  util::write_text(set / "index.jsonl", index + "{\"id\": 3}\n");
  const auto findings = check_dataset(set);
  has(findings, Severity::kError, "clips/a0/audio.wav", "is missing");
  has(findings, Severity::kError, "clips/a1/pose.npz", "content changed");
  has(findings, Severity::kError, "clips/b0/audio.wav", "content changed");
  has(findings, Severity::kError, "clips/b0", "unknown style 'tango22'");
  has(findings, Severity::kWarning, "clips/stray", "not in index.jsonl");
  has(findings, Severity::kError, "splits/train.txt", "names 'ghost'");
  has(findings, Severity::kError, "splits/test.txt", "is empty");
  has(findings, Severity::kError, "splits/val.txt", "is missing");
  has(findings, Severity::kWarning, "splits", "'t0' is in no split");
  has(findings, Severity::kError, "card.yaml", "is missing");
  has(findings, Severity::kError, "row 5", "not the row of a take");
  fs::remove(set / "index.jsonl");
  has(check_dataset(set), Severity::kError, "index.jsonl", "is missing");
}

TEST(Card, CountsBesideThePapers) {
  const TempFolder folder;
  const Dataset dataset = test::write_small(folder / "set");
  const std::vector<CardRow> rows = card_rows(dataset);
  ASSERT_EQ(rows.size(), 4U);
  const CardRow& kpop = rows[2];
  EXPECT_EQ(kpop.style, "kpop");
  EXPECT_EQ(kpop.videos, 2);
  EXPECT_EQ(kpop.clips, 4);  // 12 s and 11 s
  EXPECT_NEAR(kpop.test_video_share, 0.5, 1e-9);
  EXPECT_EQ(kpop.paper_clips, 1782);
  EXPECT_EQ(rows[3].clips, 9);
  EXPECT_EQ(rows[3].paper_videos, 100);
  EXPECT_EQ(rows[0].paper_clips + rows[1].paper_clips + rows[2].paper_clips, rows[3].paper_clips);
  const std::string text = card_text(dataset);
  EXPECT_THAT(text, testing::HasSubstr("name: small\nlicence: MIT"));
  EXPECT_THAT(text, testing::HasSubstr("| kpop | 2 | 40 | 2 | 4 | 44.4 % | 1782 | 47.5 % | 0.4 | 50.0 % | 10 % |"));
}

Take filmed(const std::string& id, const std::string& person, const Framing& framing) {
  Take take = make_take(id, "source of " + id, "kpop", 3.0, 10.0);
  take.frames.assign(30, media::Image(framing.width, framing.height));
  take.info.person = person;
  take.info.framing = framing;
  return take;
}

TEST(Card, FilmsStandBesideThePapersFilms) {
  const TempFolder folder;
  DatasetWriter writer(folder / "set", {"films", "CC0", "made by a test", "check_test"});
  const Framing square = {32, 32, 0.1, 0, 0, 1.0, "square_crop"}, wide = {64, 36, 0.1, 0, 0, 1.0, "letterbox"};
  writer.add(filmed("a", "ann", square));
  writer.add(filmed("b", "ann", square));
  writer.add(filmed("c", "bob", square));
  writer.add(filmed("d", "", wide));
  writer.add(make_take("e", "e", "ballet", 6.0));  // no film
  writer.set_split("train", {"a", "b", "e"});
  writer.set_split("test", {"c", "d"});
  writer.finish();
  const Dataset dataset = Dataset::open(folder / "set");
  const FilmCard card = film_card(dataset);
  EXPECT_EQ(card.films, 4);
  EXPECT_EQ(card.without, 1);
  EXPECT_EQ(card.videos, 4);
  EXPECT_EQ(card.people, 2);
  EXPECT_EQ(card.nobody, 1);
  EXPECT_NEAR(card.seconds, 12.0, 1e-6);
  EXPECT_EQ(card.splits, (FilmCard::Counts{{"train", 2}, {"test", 2}}));
  EXPECT_EQ(card.sizes, (FilmCard::Counts{{"32x32", 3}, {"64x36", 1}}));
  const std::string text = card_text(dataset);
  for (const char* line :
       {"| what | here | paper, Section 4.2 |", "| films (sequences) | 4 | 54944 |", "| training | 2 | 50363 |",
        "| validation | 0 | not stated |", "| test | 2 | 4581 |",
        "| people | 2 (films that name nobody: 1) | not stated |", "| styles | kpop |",
        "| pixels | 32x32 (3), 64x36 (1) | 256x256 |", "| framing | letterbox (1), square_crop (3) |",
        "| frames a second | 10 |", "| indoor | not stated | 76 % |", "| takes without a film | 1 |"}) {
    EXPECT_THAT(text, testing::HasSubstr(line));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("1782")));
}

}  // namespace
}  // namespace stgmamba::data
