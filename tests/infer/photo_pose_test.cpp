// SPDX-License-Identifier: MIT
#include "stgmamba/infer/photo_pose.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

infer::PhotoPose read(const TempFolder& folder, const json& document, std::int64_t frame = 0) {
  util::write_text(folder / "pose.json", document.dump());
  return infer::read_photo_pose(folder / "pose.json", frame, 600, 400);
}

/// Joint v at (10 v + 50, 7 v + 20).
json points(int count, bool score) {
  json list = json::array();
  for (int v = 0; v < count; ++v) {
    list.push_back(score ? json{10 * v + 50, 7 * v + 20, 0.9} : json{10 * v + 50, 7 * v + 20});
  }
  return list;
}

TEST(PhotoPose, PlainListsOfEveryLayout) {
  const TempFolder folder;
  EXPECT_EQ(read(folder, points(18, false))[5].x, 100.0);
  EXPECT_EQ(read(folder, points(18, true))[17].y, 139.0);
  EXPECT_EQ(read(folder, points(25, true))[skeleton::kRightHip].x, 140.0);        // BODY_25's 9
  EXPECT_EQ(read(folder, points(17, false))[skeleton::kRightShoulder].x, 110.0);  // COCO's 6
  EXPECT_EQ(read(folder, points(17, false))[skeleton::kNeck].x, 105.0);           // between the shoulders
  EXPECT_EQ(read(folder, points(33, false))[skeleton::kLeftAnkle].x, 320.0);      // BlazePose's 27
  EXPECT_EQ(read(folder, json{points(18, false), points(18, true)}, 1).score[3], 0.9F);
  json missing = points(18, false);
  missing[4] = {0, 0};
  EXPECT_FALSE(read(folder, missing).seen(4));
}

TEST(PhotoPose, NamesPeopleAndOurOwnFiles) {
  const TempFolder folder;
  const json named = {{"left_shoulder", {{"x", 300}, {"y", 100}}}, {"right_shoulder", {{"x", 200}, {"y", 110}}}};
  EXPECT_EQ(read(folder, named)[skeleton::kNeck].y, 105.0);
  EXPECT_EQ(read(folder, json{named, named}, 1)[skeleton::kLeftShoulder].x, 300.0);
  std::vector<double> small, large;
  for (int v = 0; v < 18; ++v) {
    small.insert(small.end(), {10.0 + v, 10.0 + v, 0.8});
    large.insert(large.end(), {20.0 + 9 * v, 30.0 + 9 * v, 0.8});
  }
  const json people = {{"people", {{{"pose_keypoints_2d", small}}, {{"pose_keypoints_2d", large}}}}};
  EXPECT_EQ(read(folder, people)[2].x, 38.0);  // the larger person
  skeleton::Motion motion(2, 10.0);
  motion.x(1, 6) = 320.0F;  // the middle of the reference frame, whatever the picture's shape
  motion.y(1, 6) = 180.0F;
  motion.score[18 + 6] = 1.0F;
  skeleton::write_motion_npz(folder / "pose.npz", motion);
  const auto pose = infer::read_photo_pose(folder / "pose.npz", 1, 500, 500);
  EXPECT_EQ(pose[6].x, 250.0);
  EXPECT_EQ(pose[6].y, 250.0);
  EXPECT_FALSE(pose.seen(7));
}

TEST(PhotoPose, SaysWhatIsWrong) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { read(folder, points(16, false)); }), HasSubstr("17 (COCO), 18 (OpenPose)"));
  EXPECT_THAT(error_of([&] { read(folder, json{points(18, false)}, 7); }), HasSubstr("there is no frame 7"));
  EXPECT_THAT(error_of([&] { read(folder, {{"people", json::array()}}); }), HasSubstr("must show a person"));
  EXPECT_THAT(error_of([&] { read(folder, 3); }), HasSubstr("must be an OpenPose file"));
  json far = points(18, false);
  far[9] = {5000, 100};
  EXPECT_THAT(error_of([&] { read(folder, far); }), HasSubstr("the right knee is at (5000, 100)"));
  far[9] = {"a", "b"};
  EXPECT_THAT(error_of([&] { read(folder, far); }), HasSubstr("must be a finite number"));
  util::write_text(folder / "text.json", "no json");
  EXPECT_EQ(exit_code_of([&] { infer::read_photo_pose(folder / "text.json", 0, 10, 10); }), 4);
  EXPECT_EQ(exit_code_of([&] { infer::read_photo_pose(folder / "none.json", 0, 10, 10); }), 4);
  EXPECT_EQ(exit_code_of([&] { infer::detect_photo_pose(folder / "text.json", media::Image(64, 64)); }), 4);
  EXPECT_EQ(exit_code_of([&] { infer::detect_photo_pose(folder / "none.onnx", media::Image(64, 64)); }), 4);
}

TEST(PhotoPose, PoseNetFindsARealPerson) {
  STG_REQUIRE_TESTDATA(data);
  media::VideoReader reader(data / "video" / "pose_1.mp4");
  media::Image photo;
  double seconds = 0.0;
  ASSERT_TRUE(reader.next(photo, seconds));
  const auto truth = infer::read_photo_pose(data / "video" / "pose_1.json", 0, photo.width, photo.height);
  const auto model = data / "models" / "posenet_mobilenetv1_257.onnx";
  const auto found = infer::detect_photo_pose(model, photo);
  int near = 0;  // 15 px; the person is 230 px tall
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (found.seen(v) && truth.seen(v)) {
      near += std::hypot(found[v].x - truth[v].x, found[v].y - truth[v].y) < 15.0;
    }
  }
  EXPECT_GE(near, 14);
  EXPECT_THAT(error_of([&] {
                infer::detect_photo_pose(model, media::Image(300, 200, {128, 128, 128}));
              }),
              HasSubstr("finds nobody"));
}

}  // namespace
}  // namespace stgmamba::test
