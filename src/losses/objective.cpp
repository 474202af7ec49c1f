// SPDX-License-Identifier: MIT
#include "stgmamba/losses/objective.hpp"

#include "stgmamba/util/error.hpp"

namespace stgmamba::losses {

void apply_preset(const std::string& name, ObjectiveConfig& config) {
  if (name == "mdvs" || name == "paper_eq") {
    const double adversarial = name == "mdvs" ? 1.0 : 0.0;
    config.pose.l1 = 200.0;
    config.perceptual.weight = 1.0;
    config.feature_matching = 1.0;
    config.adversarial.frame = config.adversarial.sequence = adversarial;
  } else if (name == "ours") {
    config.pose.velocity = 2.0;
    config.pose.energy = 1.0;
    config.pose.best_of_k.k = 2;
    config.adversarial.sequence = 0.005;
    config.adversarial.kind = "hinge";
    config.adversarial.start = 200;
    config.adversarial.ramp = 200;
  }
}

void read(config::Section section, ObjectiveConfig& config) {
  section.read("preset", config.preset, {"none", "mdvs", "paper_eq", "ours"});
  apply_preset(config.preset, config);
  read(section, config.pose);
  read(section.section("perceptual"), config.perceptual);
  section.read("feature_matching", config.feature_matching, {.min = 0});
  read(section.section("adversarial"), config.adversarial);
  section.read("gradient_penalty", config.gradient_penalty, {.min = 0});
  section.read("mode_seeking", config.mode_seeking, {.min = 0});
  if (config.mode_seeking > 0 && config.pose.best_of_k.k < 2) {
    throw ConfigError("{}: mode_seeking compares two draws of a sample; set loss.best_of_k.k to 2 or more",
                      section.where("mode_seeking"));
  }
}

bool needs_frame_discriminator(const ObjectiveConfig& config) {
  return config.adversarial.frame > 0;
}

bool needs_sequence_discriminator(const ObjectiveConfig& config) {
  return config.adversarial.sequence > 0 || config.feature_matching > 0;
}

}  // namespace stgmamba::losses
