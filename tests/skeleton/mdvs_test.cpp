// SPDX-License-Identifier: MIT
#include <cmath>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/skeleton/project.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kSamples = 160000;

std::int16_t tone(std::size_t i, int unit) {
  return static_cast<std::int16_t>(std::lround(32000 * std::sin(0.01 * (unit + 1) * static_cast<double>(i))));
}

std::string audio_text(int unit, std::size_t samples = kSamples) {
  std::string text = "[";
  for (std::size_t i = 0; i < samples; ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(tone(i, unit));
  }
  return text + "]";
}

/// `joints(frame)` joints in each of `frames` frames; a missing joint is [0, 0].
template <typename Count>
std::string pose_text(const Motion& motion, std::int64_t first, std::int64_t frames, Count joints) {
  std::string text = "[";
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    text += frame == 0 ? "[" : ", [";
    for (int joint = 0; joint < joints(frame); ++joint) {
      const std::int64_t from = std::min(first + frame, motion.frames() - 1);
      const bool lost = joint == kLeftEar && frame == 50;
      text += fmt::format("{}[{}, {}]", joint == 0 ? "" : ", ", lost ? 0.0F : motion.x(from, joint),
                          lost ? 0.0F : motion.y(from, joint));
    }
    text += "]";
  }
  return text + "]";
}

int whole(std::int64_t) {
  return kJoints;
}

std::string unit_text(const std::string& audio, const std::string& pose) {
  return fmt::format(R"({{"audio_sequence": {}, "joint_coors": {}}})", audio, pose);
}

std::string wrapped(const std::string& json) {
  return io::Json(json).dump(-1, ' ', true);
}

/// 3 s of 10 fps motion for files without real data.
Motion simple_motion() {
  Motion motion(100, 10.0);
  for (std::size_t i = 0; i < motion.score.size(); ++i) {
    motion.xy[2 * i] = 100.25F + static_cast<float>(i % 97);
    motion.xy[2 * i + 1] = 40.5F + static_cast<float>(i % 89);
    motion.score[i] = 1.0F;
  }
  return motion;
}

std::vector<MdvsUnit> read_all(const fs::path& path, MdvsReport& report) {
  std::vector<MdvsUnit> units;
  report = read_mdvs(path, [&](MdvsUnit&& unit) { units.push_back(std::move(unit)); });
  return units;
}

TEST(Mdvs, SalsaWrittenTwiceEncoded) {
  STG_REQUIRE_TESTDATA(data);
  const test::TempFolder folder;
  const Motion motion = resample(project(read_joints3d(data / "motion" / "cmu_salsa" / "60_01.json").motion), 10.0);
  ASSERT_GE(motion.frames(), 110);
  const auto short_frame = [](std::int64_t frame) { return frame == 31 ? 17 : 18; };
  // Keys out of order, a second video with umlauts and emoji in its name, and units that are ragged in every way.
  const std::string json = fmt::format(
      R"({{"007": {{"035": {}, "025": {}, "075": {}}}, "003": {{"025": {}, "045": {}, "055": {}, "065": 5}},)"
      R"( "\u00fc\ud83d\ude00/\"\\": {{"025": {}}}}})",
      unit_text(audio_text(1, kSamples + 5), pose_text(motion, 10, 100, whole)),
      unit_text(audio_text(0), pose_text(motion, 0, 100, whole)),
      unit_text(audio_text(2), pose_text(motion, 0, 100, short_frame)),
      unit_text(audio_text(3), pose_text(motion, 0, 99, whole)),
      unit_text(audio_text(4, kSamples - 1), pose_text(motion, 0, 100, whole)),
      unit_text("[1, 2, 40000]", pose_text(motion, 0, 100, whole)),
      unit_text(audio_text(5), pose_text(motion, 5, 100, whole)));
  std::ofstream(folder / "twice.json") << wrapped(json) << "\n";
  std::ofstream(folder / "once.json") << json;

  for (const char* name : {"twice.json", "once.json"}) {
    MdvsReport report;
    const auto units = read_all(folder / name, report);
    ASSERT_EQ(units.size(), 3U) << name;
    EXPECT_EQ(report.units, 3);
    EXPECT_EQ(report.videos, 3);
    EXPECT_EQ(report.skipped,
              (std::vector<std::string>{"003/025: 99 frames, not 100", "003/045: 159999 audio samples, not 160000",
                                        "003/055: audio sample 2 is 40000, not a 16-bit whole number",
                                        "003/065: a number, not an object", "007/075: frame 31 has 17 joints"}));
    EXPECT_EQ(units[0].video + "/" + units[0].start, "007/025");
    EXPECT_EQ(units[1].video + "/" + units[1].start, "007/035");
    EXPECT_EQ(units[2].video, "\u00fc\U0001F600/\"\\");
    for (const auto& [place, tone_of, first] : {std::tuple{0, 0, 0}, std::tuple{1, 1, 10}, std::tuple{2, 5, 5}}) {
      const MdvsUnit& unit = units[static_cast<std::size_t>(place)];
      ASSERT_EQ(unit.audio.size(), kSamples);
      for (const std::size_t i : {std::size_t{0}, std::size_t{77777}, kSamples - 1}) {
        EXPECT_EQ(unit.audio[i], tone(i, tone_of));
      }
      ASSERT_EQ(unit.motion.frames(), 100);
      EXPECT_EQ(unit.motion.fps, 10.0);
      for (std::int64_t frame = 0; frame < 100; ++frame) {
        EXPECT_EQ(unit.motion.x(frame, kRightWrist), motion.x(first + frame, kRightWrist));
        EXPECT_EQ(unit.motion.missing(frame, kLeftEar), frame == 50);
      }
      EXPECT_TRUE(std::isnan(unit.motion.x(50, kLeftEar)));
    }
  }
}

TEST(Mdvs, WrongKindsInsideAUnitAreNamed) {
  const test::TempFolder folder;
  const std::string pose = pose_text(simple_motion(), 0, 100, whole);
  const std::string zeros = "[0" + [] {
    std::string text;
    for (std::size_t i = 1; i < kSamples; ++i) {
      text += ",0";
    }
    return text;
  }() + "]";
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = pose;
    changed.replace(changed.find(from), from.size(), to);
    return unit_text(zeros, changed);
  };
  const std::string first = "[100.25, 40.5]";
  const std::pair<std::string, const char*> cases[] = {
      {with(first, "[100.25]"), "frame 0 joint 0 has 1 numbers"},
      {with(first, "[100.25, 40.5, 1]"), "frame 0 joint 0 has 3 numbers"},
      {with(first, "[null, 40.5]"), "frame 0 joint 0 holds null"},
      {with(first, "[[1, 2], 40.5]"), "frame 0 joint 0 holds a list"},
      {with(first, "[1e30, 40.5]"), "frame 0 joint 0 holds a number that is no pixel"},
      {with(first, "{\"x\": {\"y\": [1]}}"), "frame 0 joint 0 is an object"},
      {with(first, "7"), "frame 0 joint 0 is a number"},
      {unit_text(zeros, "[1]"), "frame 0 is a number"},
      {unit_text(zeros, "null"), "joint_coors is null"},
      {unit_text("\"loud\"", pose), "audio_sequence is a text"},
      {unit_text("[0, 1.5]", pose), "audio sample 1 is 1.5, not a 16-bit whole number"},
      {unit_text("[0, [1]]", pose), "audio sample 1 is a list"},
      {"{\"joint_coors\": " + pose + "}", "no audio_sequence"},
      {"{\"audio_sequence\": [1], \"more\": {\"a\": [{}]}}", "no joint_coors"},
      {"[1, [2], {\"a\": 3}]", "a list, not an object"},
      {"null", "null, not an object"},
  };
  std::string json = "{\"v\": {";
  int number = 100;
  for (const auto& [unit, want] : cases) {
    json += fmt::format("\"{}\": {}, ", number++, unit);
  }
  json += "\"999\": " + unit_text(zeros, pose) + ", \"999\": " + unit_text(zeros, pose) + "}}";
  std::ofstream(folder / "kinds.json") << wrapped(json);
  MdvsReport report;
  const auto units = read_all(folder / "kinds.json", report);
  EXPECT_EQ(units.size(), 1U);  // a bad unit never spoils the one behind it
  ASSERT_EQ(report.skipped.size(), std::size(cases) + 1);
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(report.skipped[i], fmt::format("v/{}: {}", 100 + i, cases[i].second));
  }
  EXPECT_EQ(report.skipped.back(), "v/999: given twice");
}

TEST(Mdvs, BrokenFilesNameThePlace) {
  const test::TempFolder folder;
  const fs::path path = folder / "dance.json";
  const std::string whole_file = wrapped(R"({"007": {"025": {"audio_sequence": [1, 2, 3], "joint_coors": []}}})");
  const std::pair<std::string, const char*> cases[] = {
      {whole_file.substr(0, whole_file.size() - 8), "cut off"},
      {whole_file + "x", "nothing may follow"},
      {wrapped(R"({"007": {"025": {"audio_sequence": [1, NaN]}}})"), "(in 007/025)"},
      {wrapped(R"({"007": {"025": {"audio_sequence": [1, 1e999]}}})"), "(in 007/025)"},
      {wrapped(R"({"007": {"025")"), "(in 007/025)"},
      {"\"\\x\"", "unknown escape"},
      {"\"\\ud800 \"", "surrogate"},
      {"\"\\u12g4\"", "hexadecimal"},
      {wrapped("[1]"), "must be an object of videos"},
      {"[1]", "must be an object of videos"},
      {R"({"x": [[1]], "label": [0]})", "got a list under 'x'"},
      {"17", "must be an object of videos"},
      {"dance", "not JSON"},
      {"\"\"", "not JSON"},
      {" \n", "an empty file"},
  };
  for (const auto& [text, want] : cases) {
    std::ofstream(path) << text;
    MdvsReport report;
    const auto read = [&] { read_all(path, report); };
    const std::string error = test::error_of(read);
    EXPECT_EQ(test::exit_code_of(read), 4) << want << ": " << error;
    EXPECT_NE(error.find(want), std::string::npos) << error;
    EXPECT_NE(error.find("dance.json"), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
  MdvsReport report;
  EXPECT_EQ(test::exit_code_of([&] { read_all(folder / "absent.json", report); }), 4);
  EXPECT_EQ(test::exit_code_of([&] { read_all(folder.path(), report); }), 4);
  std::ofstream(path) << "{}";
  EXPECT_TRUE(read_all(path, report).empty());
  EXPECT_EQ(report.videos, 0);
}

}  // namespace
}  // namespace stgmamba::skeleton
