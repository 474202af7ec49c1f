// SPDX-License-Identifier: MIT
#include "stgmamba/infer/video_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "infer/video_checkpoint.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
using infer::VideoModel;
using ::testing::HasSubstr;

bool holds(const VideoModel& model, const std::string& network, std::uint64_t seed) {
  const auto ours = weights::named_tensors(*model.network);
  for (const auto& [name, tensor] : weights::named_tensors(*video_network(network, seed))) {
    if (!torch::equal(ours.at(name), tensor)) {
      return false;
    }
  }
  return true;
}

VideoModel load(const fs::path& path) {
  return VideoModel::load(path, torch::kCPU);
}
std::string refusal(const fs::path& path) {
  EXPECT_EQ(exit_code_of([&] { load(path); }), 5) << path;
  return error_of([&] { load(path); });
}

TEST(VideoModel, LoadsRunsCheckpointsAndWeights) {
  const TempFolder folder;
  const fs::path run = folder / "run";
  make_video_run(run, 10, 1);
  const fs::path newer = make_video_run(run, 20, 2);
  const VideoModel model = load(run);
  EXPECT_TRUE(holds(model, kSmallGr, 2));
  EXPECT_EQ(model.name, "gr_composite");
  EXPECT_EQ(model.pose_maps.width, 32);
  EXPECT_EQ(model.pose_maps.kind, skeleton::PoseMapKind::kRgb);
  EXPECT_FALSE(model.network->is_training());
  EXPECT_EQ(model.source, newer / "generator.safetensors");
  util::write_text(run / "best", io::checkpoint_name(10) + "\n");
  EXPECT_TRUE(holds(load(run), kSmallGr, 1));
  EXPECT_TRUE(holds(load(newer), kSmallGr, 2));
  EXPECT_TRUE(holds(load(newer / "generator.safetensors"), kSmallGr, 2));
  make_video_run(folder / "recurrent", 1, 3, kSmallVid2Vid);
  EXPECT_TRUE(load(folder / "recurrent").network->recurrent());
}

TEST(VideoModel, ExportsTravelAlone) {
  const TempFolder folder;
  const std::string one_hot =
      fmt::format(R"({{"version": {}, "kind": "onehot", "size": 64}})", skeleton::kPoseMapVersion);
  const std::string model = "{ngf: 4, downs: 2, blocks: 2, pose_channels: 18}";
  make_video_run(folder / "run", 10, 1, model, one_hot, "skeleton_to_video", "stretch");
  infer::export_video_model(folder / "run", folder / "out");
  EXPECT_EQ(exit_code_of([&] { infer::export_video_model(folder / "run", folder / "out"); }), 2);
  fs::remove_all(folder / "run");
  for (const char* name : {"out", "out/generator.safetensors"}) {
    const VideoModel loaded = load(folder / name);
    EXPECT_TRUE(holds(loaded, model, 1)) << name;
    EXPECT_EQ(loaded.pose_maps.kind, skeleton::PoseMapKind::kOneHot);
    EXPECT_EQ(loaded.pose_maps.height, 64);
    EXPECT_EQ(loaded.framing, "stretch");
  }
}

TEST(VideoModel, RefusesWhatItCannotDraw) {
  const TempFolder folder;
  const auto pose_map = [](int version, const char* kind, int size) {
    return fmt::format(R"({{"version": {}, "kind": "{}", "size": {}}})", version, kind, size);
  };
  const int version = skeleton::kPoseMapVersion;
  make_video_run(folder / "old", 1, 1, kSmallGr, pose_map(version + 1, "rgb", 32));
  EXPECT_THAT(refusal(folder / "old"), HasSubstr(fmt::format("pose maps of version {}", version + 1)));
  make_video_run(folder / "odd", 1, 1, kSmallGr, pose_map(version, "rgb", 33));
  EXPECT_THAT(refusal(folder / "odd"), HasSubstr("must be even"));
  make_video_run(folder / "word", 1, 1, kSmallGr, pose_map(version, "rbg", 32));
  EXPECT_THAT(refusal(folder / "word"), HasSubstr("must be rgb or onehot, got 'rbg'"));
  make_video_run(folder / "size", 1, 1, kSmallGr, pose_map(version, "rgb", 34));
  EXPECT_THAT(refusal(folder / "size"), HasSubstr("multiples of 4"));
  make_video_run(folder / "kind", 1, 1, kSmallGr, pose_map(version, "onehot", 32));
  EXPECT_THAT(refusal(folder / "kind"), HasSubstr("does not take the 32x32 pose maps"));
  make_video_run(folder / "none", 1, 1, kSmallGr, "{}");
  EXPECT_THAT(refusal(folder / "none"), HasSubstr("must hold version, kind and size"));
  make_video_run(folder / "dancer", 1, 1, kSmallGr, pose_map(version, "rgb", 32), "music_to_skeleton");
  EXPECT_THAT(refusal(folder / "dancer"), HasSubstr("its task is music_to_skeleton"));
  make_video_run(folder / "framed", 1, 1, kSmallGr, pose_map(version, "rgb", 32), "skeleton_to_video", "crop");
  EXPECT_THAT(refusal(folder / "framed"), HasSubstr("must be one of square_crop, letterbox, stretch, got 'crop'"));
  make_video_run(folder / "other", 1, 1);
  util::write_text(folder / "other/config.yaml", "task: skeleton_to_video\nmodel: {ngf: 8, downs: 2, blocks: 2}\n");
  EXPECT_THAT(refusal(folder / "other"), HasSubstr("do not fit"));
  EXPECT_THAT(refusal(folder / "nowhere"), HasSubstr("no such run"));
}

TEST(VideoModel, RefusesWhatIsDamagedOrAlone) {
  const TempFolder folder;
  const fs::path checkpoint = make_video_run(folder / "run", 1, 1);
  const fs::path alone = folder / "alone/generator.safetensors";
  util::make_folders(alone.parent_path());
  fs::copy_file(checkpoint / "generator.safetensors", alone);
  EXPECT_THAT(refusal(alone), HasSubstr("no config.yaml"));
  fs::copy_file(folder / "run/config.yaml", folder / "alone/config.yaml");
  EXPECT_THAT(refusal(alone), HasSubstr("unknown which pose maps"));
  fs::copy_file(checkpoint / "state.json", folder / "alone/state.json");
  EXPECT_TRUE(holds(load(alone), kSmallGr, 1));
  util::write_text(folder / "alone/notes.txt", "weights");
  EXPECT_THAT(refusal(folder / "alone/notes.txt"), HasSubstr("a video model is a run"));
  util::write_text(checkpoint / "generator.safetensors", "not weights");
  EXPECT_THAT(refusal(checkpoint), HasSubstr("content changed"));
}

}  // namespace
}  // namespace stgmamba::test
