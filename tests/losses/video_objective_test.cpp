// SPDX-License-Identifier: MIT
#include "stgmamba/losses/video_objective.hpp"

#include <gtest/gtest.h>

namespace stgmamba::losses {
namespace {

VideoObjectiveConfig of(const std::string& text) {
  const config::Document document = config::Document::parse(text, "objective.yaml");
  VideoObjectiveConfig config;
  read(document.root(), config);
  document.finish();
  return config;
}

TEST(VideoObjectiveConfig, PaperEqIsEquationSixAlone) {
  const VideoObjectiveConfig config = of("preset: paper_eq");
  EXPECT_EQ(config.gan, 1);
  EXPECT_EQ(config.l1, 10);
  EXPECT_EQ(config.neighbours.fsr, 10);
  EXPECT_EQ(config.neighbours.bsr, 10);
  EXPECT_TRUE(config.neighbours.grad_cond);
  EXPECT_EQ(config.feature_matching + config.vgg + config.warp + config.control, 0);
  EXPECT_TRUE(needs_image_discriminator(config));
  EXPECT_FALSE(needs_temporal_discriminator(config));
}

TEST(VideoObjectiveConfig, OthersHoldWhatTheirOriginalsDo) {
  EXPECT_EQ(of("").preset, "vid2vid_plus");
  EXPECT_EQ(of("").warp, 10);
  EXPECT_FALSE(of("").neighbours.grad_cond);
  EXPECT_TRUE(needs_temporal_discriminator(of("")));
  EXPECT_EQ(of("preset: vid2vid").l1, 0);
  EXPECT_EQ(of("preset: vid2vid").feature_matching, 20);
  EXPECT_EQ(of("preset: vid2vid").neighbours.fsr, 0);
  EXPECT_EQ(of("preset: pix2pixhd").l1, 0);
  EXPECT_EQ(of("preset: pix2pixhd").feature_matching, 10);
  EXPECT_FALSE(needs_temporal_discriminator(of("preset: pix2pixhd")));
}

TEST(VideoObjectiveConfig, KeysWinOverThePreset) {
  const VideoObjectiveConfig config =
      of("{preset: paper_eq, warp: 2, neighbours: {bsr: 0, start_epoch: 3}, control: 4}");
  EXPECT_EQ(config.warp, 2);
  EXPECT_EQ(config.neighbours.fsr, 10);
  EXPECT_EQ(config.neighbours.bsr, 0);
  EXPECT_EQ(config.neighbours.start_epoch, 3);
  EXPECT_EQ(config.control, 4);
}

}  // namespace
}  // namespace stgmamba::losses
