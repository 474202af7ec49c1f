// SPDX-License-Identifier: MIT
#include "stgmamba/losses/video_objective.hpp"

namespace stgmamba::losses {

void apply_preset(const std::string& preset, VideoObjectiveConfig& config) {
  const std::string name = preset;  // it may be the configuration's own
  config = VideoObjectiveConfig();  // vid2vid_plus
  config.preset = name;
  if (name == "paper_eq") {
    config.feature_matching = config.vgg = config.warp = 0.0;
    config.temporal = config.temporal_feature_matching = 0.0;
    config.neighbours.grad_cond = true;
  } else if (name == "vid2vid") {
    config.gan = 2.0;
    config.l1 = 0.0;
    config.feature_matching = config.vgg = 20.0;
    config.neighbours.fsr = config.neighbours.bsr = 0.0;
  } else if (name == "pix2pixhd") {
    config.l1 = config.warp = config.temporal = config.temporal_feature_matching = 0.0;
    config.neighbours.fsr = config.neighbours.bsr = 0.0;
  }
}

void read(config::Section section, VideoObjectiveConfig& config) {
  section.read("preset", config.preset, {"paper_eq", "vid2vid_plus", "vid2vid", "pix2pixhd"});
  apply_preset(config.preset, config);
  section.read("gan", config.gan, {.min = 0});
  section.read("l1", config.l1, {.min = 0});
  section.read("feature_matching", config.feature_matching, {.min = 0});
  section.read("vgg", config.vgg, {.min = 0});
  section.read("vgg_weights", config.vgg_weights);
  section.read("warp", config.warp, {.min = 0});
  section.read("temporal", config.temporal, {.min = 0});
  section.read("temporal_feature_matching", config.temporal_feature_matching, {.min = 0});
  read(section.section("neighbours"), config.neighbours);
  section.read("control", config.control, {.min = 0});
}

bool needs_image_discriminator(const VideoObjectiveConfig& config) {
  return config.gan > 0 || config.feature_matching > 0;
}

bool needs_temporal_discriminator(const VideoObjectiveConfig& config) {
  return config.temporal > 0 || config.temporal_feature_matching > 0;
}

}  // namespace stgmamba::losses
