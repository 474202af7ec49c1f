// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stgmamba/skeleton/formats.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

namespace fs = std::filesystem;

/// A person of 18 joints spread over `size` pixels around (x, y).
std::string person(double x, double y, double size, double score = 0.9) {
  std::string numbers;
  for (int joint = 0; joint < kJoints; ++joint) {
    numbers += fmt::format("{}{},{},{}", joint == 0 ? "" : ",", x + size * (joint % 3 - 1) / 2.0,
                           y + size * (joint - 8.5) / 17.0, score);
  }
  return fmt::format(R"({{"pose_keypoints_2d":[{}]}})", numbers);
}

std::string frame_of(const std::string& people) {
  return fmt::format(R"({{"version":1.3,"people":[{}]}})", people);
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST(OpenPose, RealFoldersOfBody25) {
  STG_REQUIRE_TESTDATA(data);
  OpenPoseOptions options;
  options.width = 1280;
  options.height = 720;
  const Motion model = read_openpose_folder(data / "openpose_json" / "model", options);  // no version key
  ASSERT_EQ(model.frames(), 121);
  EXPECT_EQ(model.fps, 30.0);
  // First numbers of the first file, halved; its left eye is 0, 0, 0.
  EXPECT_NEAR(model.x(0, kNose), 652.959 / 2, 1e-3);
  EXPECT_NEAR(model.y(0, kNose), 214.024 / 2, 1e-3);
  EXPECT_NEAR(model.score[kNose], 0.879632, 1e-6);
  EXPECT_NEAR(model.x(0, kRightHip), 698.045 / 2, 1e-3);  // number 9 of BODY_25, not the middle of the hips
  EXPECT_NEAR(model.y(0, kLeftAnkle), 635.198 / 2, 1e-3);
  EXPECT_TRUE(model.missing(0, kRightEar));
  EXPECT_LT(missing_share(model), 0.1);

  const Motion man = read_openpose_folder(data / "openpose_json" / "tall_man", options);
  ASSERT_EQ(man.frames(), 135);
  EXPECT_NEAR(man.x(0, kRightShoulder), 380.503 / 2, 1e-3);
  EXPECT_LT(man.x(0, kRightShoulder), man.x(0, kLeftShoulder));
  for (std::int64_t frame = 0; frame < man.frames(); ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      ASSERT_TRUE(man.missing(frame, joint) || (man.x(frame, joint) >= 0 && man.x(frame, joint) <= 640));
    }
  }
  // The declared size decides; these poses cannot come from a 640x360 video.
  const auto unsized = [&] { read_openpose_folder(data / "openpose_json" / "model", {}); };
  EXPECT_EQ(test::exit_code_of(unsized), 4);
  EXPECT_NE(test::error_of(unsized).find("give the video's own size (stg_data import openpose --width"),
            std::string::npos)
      << test::error_of(unsized);
}

TEST(OpenPose, LetterboxKeepsTheAspect) {
  const test::TempFolder folder;
  write(folder / "a_000_keypoints.json", frame_of(person(500, 500, 170)));
  OpenPoseOptions options;
  options.width = options.height = 1000;  // square: 360 pixels high, 140 free on either side
  const Motion motion = read_openpose_folder(folder.path(), options);
  EXPECT_NEAR(motion.x(0, 1), 320, 1e-3);
  EXPECT_NEAR(motion.x(0, 0), 320 - 0.36 * 85, 1e-3);
  EXPECT_NEAR(motion.y(0, 17), 180 + 0.36 * 85, 1e-3);
}

TEST(OpenPose, FollowsOnePersonThroughShuffledPeople) {
  const test::TempFolder folder;
  for (int frame = 0; frame < 12; ++frame) {
    // The big one walks right and shrinks; the small one stands and grows; order changes, frame 5 is empty.
    const std::string big = person(200 + 10 * frame, 180, 150 - 10 * frame);
    const std::string small = person(500, 180, 60 + 10 * frame);
    const std::string ghost = R"({"pose_keypoints_2d":[]})";
    const std::string people = frame == 5       ? ""
                               : frame % 2 == 0 ? fmt::format("{},{}", small, big)
                                                : fmt::format("{},{},{}", big, ghost, small);
    write(folder / fmt::format("v_{}_keypoints.json", frame), frame_of(people));  // 10 sorts behind 9
  }
  const Motion motion = read_openpose_folder(folder.path(), {});
  ASSERT_EQ(motion.frames(), 12);
  for (std::int64_t frame = 0; frame < 12; ++frame) {
    if (frame == 5) {
      EXPECT_TRUE(motion.missing(frame, 1));
    } else {
      EXPECT_NEAR(motion.x(frame, 1), 200 + 10 * static_cast<double>(frame), 1e-3) << frame;
    }
  }
}

TEST(OpenPose, LowScoresAreMissing) {
  const test::TempFolder folder;
  write(folder / "a_0_keypoints.json", frame_of(person(300, 180, 100, 0.04)));
  write(folder / "a_1_keypoints.json", frame_of(person(300, 180, 100, 0.06)));
  const Motion motion = read_openpose_folder(folder.path(), {});
  EXPECT_TRUE(motion.missing(0, 4));
  EXPECT_FALSE(motion.missing(1, 4));
}

TEST(OpenPose, ALostFileLeavesAGapAndShiftsNothing) {
  const test::TempFolder folder;
  for (const char* number : {"10", "12", "16"}) {  // every second frame of a video, one of them lost
    write(folder / fmt::format("a_{}_keypoints.json", number), frame_of(person(300, 180, 100)));
  }
  const Motion motion = read_openpose_folder(folder.path(), {});
  ASSERT_EQ(motion.frames(), 4);
  EXPECT_FALSE(motion.missing(1, 4));
  EXPECT_TRUE(motion.missing(2, 4));
  EXPECT_FALSE(motion.missing(3, 4));
  write(folder / "a_012_keypoints.json", frame_of(person(300, 180, 100)));
  EXPECT_NE(test::error_of([&] { read_openpose_folder(folder.path(), {}); }).find("number of another file"),
            std::string::npos);
}

TEST(OpenPose, WrittenFoldersReadBackExactly) {
  const test::TempFolder folder;
  Motion motion(3, 30.0);
  for (std::size_t i = 0; i < motion.score.size(); ++i) {
    if (i % 7 != 3) {
      motion.xy[2 * i] = 100.1F + static_cast<float>(i) * 3.3F;
      motion.xy[2 * i + 1] = 50.7F + static_cast<float>(i) * 1.7F;
      motion.score[i] = 0.6F;
    }
  }
  write_openpose_folder(folder / "out", motion);
  const Motion back = read_openpose_folder(folder / "out", {});
  EXPECT_EQ(back.score, motion.score);
  for (std::size_t i = 0; i < motion.xy.size(); ++i) {
    EXPECT_TRUE(back.xy[i] == motion.xy[i] || (std::isnan(back.xy[i]) && std::isnan(motion.xy[i]))) << i;
  }
}

TEST(OpenPose, BadFoldersNameFileAndPlace) {
  const std::string good = frame_of(person(300, 180, 100));
  std::string not_number = good;
  not_number.replace(not_number.find("0.9"), 3, "\"a\"");
  std::string nan = good;
  nan.replace(nan.find("0.9"), 3, "NaN");
  std::string huge = good;
  huge.replace(huge.find("0.9"), 3, "1e999");
  const std::pair<std::string, const char*> cases[] = {
      {frame_of(R"({"pose_keypoints_2d":[1,2,0.5,3]})"), "people[0].pose_keypoints_2d: must hold 75 numbers"},
      {frame_of(person(300, 180, 100) + R"(,{"face":[]})"), "people[1]: must be an object"},
      {frame_of("7"), "people[0]: must be an object"},
      {not_number, "pose_keypoints_2d[2]: must be a finite number"},
      {nan, "v_1_keypoints.json"},
      {huge, "v_1_keypoints.json"},
      {R"({"version":1.3})", "a list 'people'"},
      {"[]", "a list 'people'"},
      {"no json", "v_1_keypoints.json"},
      {"", "v_1_keypoints.json"},
  };
  for (const auto& [text, want] : cases) {
    const test::TempFolder folder;
    write(folder / "v_0_keypoints.json", good);
    write(folder / "v_1_keypoints.json", text);
    const auto read = [&] { read_openpose_folder(folder.path(), {}); };
    const std::string error = test::error_of(read);
    EXPECT_EQ(test::exit_code_of(read), 4) << want;
    EXPECT_NE(error.find(want), std::string::npos) << error;
    EXPECT_NE(error.find("v_1_keypoints.json"), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

TEST(OpenPose, FoldersThatAreNoTake) {
  const test::TempFolder empty;
  EXPECT_NE(test::error_of([&] { read_openpose_folder(empty.path(), {}); }).find("got none"), std::string::npos);
  EXPECT_EQ(test::exit_code_of([&] { read_openpose_folder(empty.path(), {}); }), 4);
  EXPECT_EQ(test::exit_code_of([&] { read_openpose_folder(empty / "absent", {}); }), 4);

  const test::TempFolder nobody;
  write(nobody / "v_0_keypoints.json", frame_of(""));
  EXPECT_NE(test::error_of([&] { read_openpose_folder(nobody.path(), {}); }).find("a person"), std::string::npos);

  const test::TempFolder two;
  write(two / "a_0_keypoints.json", frame_of(person(300, 180, 100)));
  write(two / "b_0_keypoints.json", frame_of(person(300, 180, 100)));
  EXPECT_NE(test::error_of([&] { read_openpose_folder(two.path(), {}); }).find("one video"), std::string::npos);

  const test::TempFolder scaled;
  write(scaled / "a_0_keypoints.json", frame_of(person(0.5, 0.5, 0.3)));
  EXPECT_NE(test::error_of([&] { read_openpose_folder(scaled.path(), {}); }).find("pixels"), std::string::npos);

  OpenPoseOptions options;
  options.fps = 0;
  EXPECT_EQ(test::exit_code_of([&] { read_openpose_folder(two.path(), options); }), 2);
  options = {};
  options.width = 640;
  EXPECT_EQ(test::exit_code_of([&] { read_openpose_folder(two.path(), options); }), 2);
}

TEST(NamedPoints, RealFile) {
  STG_REQUIRE_TESTDATA(data);
  OpenPoseOptions options;
  options.width = options.height = 576;
  const Motion motion = read_named_points(data / "video" / "pose_1.json", options);
  ASSERT_EQ(motion.frames(), 120);
  const double scale = 360.0 / 576;
  EXPECT_NEAR(motion.x(0, kNose), 140 + scale * 287.77234, 1e-3);
  EXPECT_NEAR(motion.x(0, kRightWrist), 140 + scale * 209.17093, 1e-3);
  EXPECT_NEAR(motion.x(0, kNeck), 140 + scale * (318.52699 + 254.36992) / 2, 1e-3);
  EXPECT_NEAR(motion.y(0, kNeck), scale * (236.86853 + 235.13832) / 2, 1e-3);
  EXPECT_EQ(missing_share(motion), 0.0);
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    ASSERT_LT(motion.y(frame, kNeck), motion.y(frame, kRightAnkle));
  }
}

TEST(NamedPoints, BadFiles) {
  const test::TempFolder folder;
  const fs::path path = folder / "points.json";
  const std::pair<const char*, const char*> cases[] = {
      {R"([{"nose":{"x":1}}])", "frame 0.nose: must hold a finite number 'y'"},
      {R"([{"nose":{"x":50,"y":60}},{"nose":[1,2]}])", "frame 1.nose: must be an object"},
      {R"([3])", "frame 0: must be an object"},
      {R"([{"knee":{"x":1,"y":2}}])", "must name COCO points"},
      {"[]", "an empty list"},
      {"{}", "got object"},
      {"[", "points.json"},
  };
  for (const auto& [text, want] : cases) {
    write(path, text);
    const auto read = [&] { read_named_points(path, {}); };
    EXPECT_EQ(test::exit_code_of(read), 4) << want;
    EXPECT_NE(test::error_of(read).find(want), std::string::npos) << test::error_of(read);
  }
  write(path, R"([{"nose":{"x":50,"y":60,"score":0.5},"left_eye":null}])");
  const Motion motion = read_named_points(path, {});
  EXPECT_FLOAT_EQ(motion.score[kNose], 0.5F);
  EXPECT_TRUE(motion.missing(0, kLeftEye));
}

}  // namespace
}  // namespace stgmamba::skeleton
