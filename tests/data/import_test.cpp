// SPDX-License-Identifier: MIT
#include "stgmamba/data/import.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/data/check.hpp"
#include "stgmamba/data/loader.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/file.hpp"

#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

namespace fs = std::filesystem;
using io::Json;
using test::error_of;
using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;

ImportOptions into(const fs::path& out) {
  ImportOptions options;
  options.out = out;
  return options;
}

std::vector<Finding> errors_of(const fs::path& folder) {
  std::vector<Finding> errors;
  for (const Finding& finding : check_dataset(folder)) {
    if (finding.severity == Severity::kError) {
      errors.push_back(finding);
    }
  }
  return errors;
}

/// A unit of 10 s that starts `second` seconds into a video of ours: sound and joints are the functions of
/// small_dataset.
Json unit(double second, int joints_of_last_frame = 18) {
  Json audio = Json::array(), coordinates = Json::array();
  for (int i = 0; i < 160000; ++i) {
    audio.push_back(static_cast<int>(std::lround(32767 * test::tone_at(second + i / 16000.0))));
  }
  for (int f = 0; f < 100; ++f) {
    Json frame = Json::array();
    for (int joint = 0; joint < (f == 99 ? joints_of_last_frame : 18); ++joint) {
      frame.push_back({test::joint_x(joint, second + f / 10.0), test::joint_y(joint, second + f / 10.0)});
    }
    coordinates.push_back(frame);
  }
  return {{"audio_sequence", audio}, {"joint_coors", coordinates}};
}

TEST(ImportMdvs, DoublyEncodedFileEndToEnd) {
  const TempFolder folder;
  Json videos;
  videos["000"] = {{"025", unit(25)}, {"035", unit(35)}, {"055", unit(55)}};      // 45 is not there
  videos["001"] = {{"025", unit(25)}, {"035", unit(35, 17)}, {"045", unit(45)}};  // a ragged one
  videos["002"] = {{"025", unit(25)}};
  util::write_text(folder / "kpop.json", Json(videos.dump()).dump());  // a JSON text within a JSON text
  const ImportReport report = import_mdvs({{folder / "kpop.json", "kpop"}}, into(folder / "set"));
  EXPECT_EQ(report.takes, 5);
  EXPECT_NEAR(report.seconds, 60.0, 1e-6);
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_THAT(report.skipped[0], HasSubstr("001/035"));
  const Dataset dataset = Dataset::open(folder / "set");
  std::vector<std::string> ids;
  for (const TakeInfo& info : dataset.takes()) {
    ids.push_back(info.id);
  }
  EXPECT_THAT(ids, ElementsAre("kpop_000_025", "kpop_000_055", "kpop_001_025", "kpop_001_045", "kpop_002_025"));
  EXPECT_EQ(dataset.takes()[0].seconds, 20.0);  // joined
  EXPECT_EQ(dataset.takes()[0].start, 25.0);
  EXPECT_EQ(dataset.takes()[0].fps, 10.0);
  EXPECT_EQ(dataset.split("test").at(0).source, "kpop_002");
  EXPECT_EQ(dataset.split("val").at(0).source, "kpop_001");
  EXPECT_TRUE(errors_of(folder / "set").empty());
  // The numbers that went in come out of the loader, over the joint of the two units too.
  const auto batches = evaluation_batches(dataset, DataConfig(), "train");
  ASSERT_EQ(batches.size(), 1U);
  ASSERT_EQ(batches[0].size, 6);
  for (std::int64_t row = 0; row < 4; ++row) {
    for (std::int64_t f = 0; f < 50; ++f) {
      const double time = 25.0 + 5.0 * static_cast<double>(row) + static_cast<double>(f) / 10;
      const auto frame = static_cast<std::size_t>(row * 50 + f);
      EXPECT_NEAR(batches[0].audio[frame * 1600 + 7], test::tone_at(time + 7 / 16000.0), 1e-4);
      EXPECT_NEAR((batches[0].pose[frame * 36 + 10] + 1) * 320, test::joint_x(5, time), 1e-3);
      EXPECT_NEAR((batches[0].pose[frame * 36 + 11] + 1) * 180, test::joint_y(5, time), 1e-3);
    }
  }
}

TEST(ImportMdvs, RefusesWhatItCannotUse) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] {
                import_mdvs({{folder / "x.json", "kpopp"}}, into(folder / "set"));
              }),
              HasSubstr("did you mean 'kpop'"));
  Json videos;
  videos["000"] = {{"025", unit(25, 17)}};
  util::write_text(folder / "bad.json", videos.dump());
  const auto import = [&] { import_mdvs({{folder / "bad.json", "kpop"}}, into(folder / "set")); };
  EXPECT_THAT(error_of(import), HasSubstr("nothing could be imported; the first reason was kpop/000/025"));
  EXPECT_FALSE(fs::exists(folder / "set"));
}

class Salsa : public testing::Test {
 protected:
  static std::vector<fs::path> files(const fs::path& data, const std::set<std::string>& stems) {
    std::vector<fs::path> chosen;
    for (const std::string& stem : stems) {
      chosen.push_back(data / "motion" / "cmu_salsa" / (stem + ".json"));
    }
    return chosen;
  }
  /// Two songs as WAV files in folders of their own.
  std::vector<fs::path> songs() const {
    std::vector<fs::path> paths;
    for (const char* name : {"one", "two"}) {
      fs::create_directory(folder_ / name);
      paths.push_back(folder_ / name / "song.wav");
      media::write_wav(paths.back(), test::make_take("x", "x", "kpop", 90.0).audio);
    }
    return paths;
  }
  TempFolder folder_;
};

TEST_F(Salsa, PartnersShareASourceAndAStretchOfTheSong) {
  STG_REQUIRE_TESTDATA(data);
  Joints3dOptions joints;
  joints.songs = songs();
  joints.speed = 1.03;
  const std::vector<fs::path> takes = files(data, {"60_01", "61_01", "60_02", "61_02", "60_12", "61_12"});
  const ImportReport report = import_joints3d(takes, "popping", joints, into(folder_ / "set"));
  EXPECT_EQ(report.takes, 6);
  const Dataset dataset = Dataset::open(folder_ / "set");
  ASSERT_EQ(dataset.takes().size(), 6U);
  std::map<std::string, std::set<std::string>> of_source;
  for (const TakeInfo& info : dataset.takes()) {
    EXPECT_EQ(info.source, "take_" + info.id.substr(3));
    EXPECT_NEAR(info.fps, 30.9, 1e-9);
    of_source[info.song].insert(info.source);
  }
  EXPECT_THAT(of_source["one/song.wav"], ElementsAre("take_01", "take_12"));
  EXPECT_THAT(of_source["two/song.wav"], ElementsAre("take_02"));
  // 01 and 12 dance to one song, so 02 is the test: no source and no song in two parts.
  const auto test = dataset.split("test");
  ASSERT_EQ(test.size(), 2U);
  EXPECT_EQ(test[0].source, "take_02");
  EXPECT_TRUE(std::none_of(dataset.takes().begin(), dataset.takes().end(),
                           [](const TakeInfo& info) { return info.seconds < 5.0; }));
  for (const Finding& finding : errors_of(folder_ / "set")) {
    EXPECT_THAT(finding.where + ": " + finding.what, HasSubstr("val.txt: is empty"));  // two groups: none to spare
  }
  const Take leader = dataset.load(dataset.takes()[0]), partner = dataset.load(dataset.takes()[3]);
  EXPECT_EQ(leader.info.source, partner.info.source);
  ASSERT_GT(leader.audio.samples.size(), 16000U);
  EXPECT_EQ(leader.audio.samples[12000], partner.audio.samples[12000]);
  DataConfig config;
  config.batch_size = 4;
  const Batch batch = Loader(dataset, config, "train", 1, true).at(0);
  EXPECT_TRUE(std::all_of(batch.pose.begin(), batch.pose.end(), [](float x) { return std::abs(x) < 2.0F; }));
}

TEST_F(Salsa, SeveralSilentSourcesAreTaken) {
  STG_REQUIRE_TESTDATA(data);
  ImportOptions options = into(folder_ / "set");
  options.allow_silent = true;
  EXPECT_EQ(import_joints3d(files(data, {"60_01", "60_02"}), "kpop", {}, options).takes, 2);
}

TEST_F(Salsa, SilenceIsNeverSilent) {
  STG_REQUIRE_TESTDATA(data);
  const std::vector<fs::path> takes = files(data, {"60_01"});
  EXPECT_THAT(error_of([&] { import_joints3d(takes, "kpop", {}, into(folder_ / "set")); }),
              HasSubstr("--allow-silent"));
  ImportOptions options = into(folder_ / "set");
  options.allow_silent = true;
  const ImportReport report = import_joints3d(takes, "kpop", {}, options);
  EXPECT_EQ(report.takes, 1);
  EXPECT_THAT(util::read_text(folder_ / "set/card.yaml"), HasSubstr("SILENT"));
  const auto findings = check_dataset(folder_ / "set");
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(),
                          [](const Finding& finding) { return finding.what == "is silent"; }));
}

TEST(ImportOpenPose, FoldersWithTheirSound) {
  STG_REQUIRE_TESTDATA(data);
  const TempFolder folder;
  fs::create_directory(folder / "sound");
  media::write_wav(folder / "sound/model.wav", test::make_take("x", "x", "kpop", 10.0).audio);
  skeleton::OpenPoseOptions openpose;
  openpose.fps = 24.0;
  openpose.width = 1280;
  openpose.height = 720;
  ImportOptions options = into(folder / "set");
  options.max_missing = 0.9;
  const fs::path poses = data / "openpose_json";
  const ImportReport report = import_openpose(poses, folder / "sound", "ballet", openpose, options);
  EXPECT_EQ(report.takes, 1);
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_THAT(report.skipped[0], HasSubstr("tall_man: has no sound"));
  const Dataset dataset = Dataset::open(folder / "set");
  const TakeInfo& info = dataset.takes().at(0);
  EXPECT_EQ(info.id, "model");
  EXPECT_EQ(info.frames, 121);
  const Take take = dataset.load(info);
  EXPECT_NEAR(take.audio.seconds(), 121 / 24.0, 1e-3);  // cut to the poses
  EXPECT_NEAR(take.audio.samples[5000], test::tone_at(5000 / 16000.0), 1e-3);
  EXPECT_EQ(evaluation_batches(dataset, DataConfig(), "train").at(0).size, 1);
  openpose.width = 0;
  EXPECT_THAT(error_of([&] { import_openpose(poses, folder / "sound", "ballet", openpose, into(folder / "b")); }),
              HasSubstr("--width"));
  EXPECT_THAT(error_of([&] { import_openpose(folder / "sound", {}, "ballet", openpose, into(folder / "b")); }),
              HasSubstr("no *_keypoints.json"));
  EXPECT_FALSE(fs::exists(folder / "b"));
}

}  // namespace
}  // namespace stgmamba::data
