// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/eval/generated_rows.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/io/npz.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

#include "eval/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using eval::Joints;
using ::testing::HasSubstr;

/// Joint j stands at (100 + 10 j, 50 + 3 j [, 0.1 j]) in every frame; a little to the right in each.
void write_positions(const std::filesystem::path& path, std::int64_t joints, std::int64_t axes, double fps = 20.0) {
  std::vector<float> values;
  for (int frame = 0; frame < 12; ++frame) {
    for (std::int64_t joint = 0; joint < joints; ++joint) {
      values.push_back(static_cast<float>(100 + 10 * joint + frame));
      values.push_back(static_cast<float>(50 + 3 * joint));
      if (axes == 3) {
        values.push_back(0.1F * static_cast<float>(joint));
      }
    }
  }
  const double rate[] = {fps};
  io::write_npz(path, {{"positions", io::Array::from<float>(values, {12, joints, axes})},
                       {"fps", io::Array::from<double>(rate, {1})}});
}

TEST(OtherJoints, NamesAreMapped) {
  const TempFolder folder;
  write_positions(folder / "coco.npz", 17, 2);
  const skeleton::Motion coco = eval::read_joints(folder / "coco.npz", Joints::kCoco17);
  EXPECT_EQ(coco.fps, 10.0);
  EXPECT_EQ(coco.frames(), 6);  // 12 frames at 20 a second
  EXPECT_EQ(coco.x(0, skeleton::kRightShoulder), 160.0F);
  EXPECT_EQ(coco.x(0, skeleton::kNeck), 155.0F);  // between joints 5 and 6
  EXPECT_EQ(coco.x(1, skeleton::kLeftAnkle), 252.0F);
  write_positions(folder / "body.npz", 25, 2);
  EXPECT_EQ(eval::read_joints(folder / "body.npz", Joints::kBody25).x(0, skeleton::kRightHip), 190.0F);
}

TEST(OtherJoints, FacesThatALayoutLacksArePlacedNearTheHead) {
  const TempFolder folder;
  write_positions(folder / "d2m.npz", 14, 2);
  const skeleton::Motion motion = eval::read_joints(folder / "d2m.npz", Joints::kD2m14);
  EXPECT_EQ(motion.x(0, skeleton::kNose), 100.0F);
  for (int joint = skeleton::kRightEye; joint <= skeleton::kLeftEar; ++joint) {
    EXPECT_TRUE(std::isfinite(motion.x(0, joint)));
    EXPECT_NEAR(motion.x(0, joint), 100.0F, 60.0F);
  }
}

TEST(OtherJoints, MetresAreProjected) {
  const TempFolder folder;
  std::vector<float> values;
  for (int frame = 0; frame < 5; ++frame) {  // a standing SMPL figure, pelvis at 1 m, facing +z, left is +x
    const float body[24][3] = {
        {0, 1, 0},       {0.1F, 0.9F, 0},  {-0.1F, 0.9F, 0},  {0, 1.1F, 0},  {0.1F, 0.5F, 0},  {-0.1F, 0.5F, 0},
        {0, 1.2F, 0},    {0.1F, 0.1F, 0},  {-0.1F, 0.1F, 0},  {0, 1.3F, 0},  {0.1F, 0, 0.1F},  {-0.1F, 0, 0.1F},
        {0, 1.5F, 0},    {0.05F, 1.4F, 0}, {-0.05F, 1.4F, 0}, {0, 1.65F, 0}, {0.2F, 1.45F, 0}, {-0.2F, 1.45F, 0},
        {0.4F, 1.2F, 0}, {-0.4F, 1.2F, 0}, {0.5F, 1, 0},      {-0.5F, 1, 0}, {0.55F, 1, 0},    {-0.55F, 1, 0}};
    for (const auto& joint : body) {
      values.insert(values.end(), joint, joint + 3);
    }
  }
  const double fps[] = {10.0};
  io::write_npz(folder / "smpl.npz", {{"positions", io::Array::from<float>(values, {5, 24, 3})},
                                      {"fps", io::Array::from<double>(fps, {1})}});
  const skeleton::Motion motion = eval::read_joints(folder / "smpl.npz", Joints::kSmpl24);
  EXPECT_LT(motion.x(0, skeleton::kRightWrist), motion.x(0, skeleton::kRightShoulder));
  EXPECT_LT(motion.y(0, skeleton::kNose), motion.y(0, skeleton::kNeck));
  EXPECT_GT(motion.y(0, skeleton::kLeftAnkle), motion.y(0, skeleton::kLeftKnee));
  EXPECT_NEAR(motion.y(0, skeleton::kNeck), motion.y(0, skeleton::kRightShoulder), 1e-3);
}

TEST(OtherJoints, ErrorsNameFileAndPlace) {
  const TempFolder folder;
  write_positions(folder / "a.npz", 17, 2);
  EXPECT_THAT(error_of([&] { eval::read_joints(folder / "a.npz", Joints::kSmpl24); }),
              HasSubstr("smpl24 has 24 joints of 2 or 3 numbers, got 17 of 2"));
  write_positions(folder / "slow.npz", 17, 2, 0.0);
  EXPECT_THAT(error_of([&] { eval::read_joints(folder / "slow.npz", Joints::kCoco17); }), HasSubstr("a second"));
  io::write_json(folder / "ragged.json", {{"fps", 10}, {"positions", {{{1, 2}, {3, 4}}, {{1, 2}}}}});
  EXPECT_THAT(error_of([&] { eval::read_joints(folder / "ragged.json", Joints::kCoco17); }),
              HasSubstr("frame 1 must hold 2 joints"));
  io::write_json(folder / "odd.json", {{"fps", 10}, {"positions", {{{1, 2}, {3, "x"}}}}});
  EXPECT_THAT(error_of([&] { eval::read_joints(folder / "odd.json", Joints::kCoco17); }), HasSubstr("frame 0"));
  EXPECT_THAT(error_of([] { eval::joints_from_name("smpl"); }), HasSubstr("did you mean 'smpl24'"));
}

TEST(FolderClips, EveryTakeNeedsADance) {
  const TempFolder folder;
  const data::Dataset dataset = write_small_corpus(folder / "set");
  eval::TestBedOptions options;
  options.training = false;
  const eval::TestBed bed(dataset, options);
  std::filesystem::create_directories(folder / "made");
  EXPECT_THAT(error_of([&] { eval::takes_in(dataset, folder / "made"); }), HasSubstr("got none"));
  for (const data::TakeInfo& take : bed.takes()) {
    skeleton::write_motion_npz(folder / "made" / (take.id + ".npz"), dataset.load(take).motion);
  }
  EXPECT_EQ(eval::takes_in(dataset, folder / "made").size(), bed.takes().size());
  const metrics::DanceSet same = eval::folder_clips(bed, folder / "made", Joints::kOpenPose18);
  EXPECT_EQ(same.seeds[0][3].motion.xy, bed.yardstick().clips()[3].motion.xy);
  std::filesystem::remove(folder / "made" / (bed.takes()[1].id + ".npz"));
  EXPECT_THAT(error_of([&] { eval::folder_clips(bed, folder / "made", Joints::kOpenPose18); }),
              HasSubstr("no dance to take " + bed.takes()[1].id));
}

}  // namespace
}  // namespace stgmamba::test
