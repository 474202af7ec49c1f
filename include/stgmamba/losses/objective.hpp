// SPDX-License-Identifier: MIT
// Everything the generator of music to skeleton may be trained by, with its presets: config section `loss`.
//
//   L_G = lambda_l1 L_l1 + lambda_p L_p + lambda_f L_f + lambda_adv (L_frame + L_sequence)       [paper: the first
//   three]
//         + velocity + energy + mode seeking                                                     [ours]
#pragma once

#include <string>

#include "stgmamba/config/section.hpp"
#include "stgmamba/losses/adversarial.hpp"
#include "stgmamba/losses/features.hpp"
#include "stgmamba/losses/pose.hpp"

namespace stgmamba::losses {

/// Config section `loss`. `preset` fills in the weights that the configuration does not set itself:
///   none      what stands here
///   mdvs      MDVS: l1 200, perceptual, feature matching and both adversaries 1, from the first step
///   paper_eq  the paper's equation alone: as mdvs without adversaries (the sequence discriminator still learns, for
///   L_f) ours      not the paper's: best of k, velocities and energy first, then a weak adversary, ramped, that hears
///   the music
struct ObjectiveConfig {
  std::string preset = "none";
  PoseLossConfig pose;
  PerceptualConfig perceptual;
  double feature_matching = 0.0;  // lambda_f; 0 = off
  AdversarialConfig adversarial;
  double gradient_penalty = 1.0;  // weight, in the sequence discriminator's loss (MDVS: 1)
  double mode_seeking = 0.0;      // weight, between the first two draws of best_of_k; 0 = off
};
void read(config::Section section, ObjectiveConfig& config);

/// Sets what the named preset says.
void apply_preset(const std::string& name, ObjectiveConfig& config);

/// Networks that the configuration needs beside the generator.
bool needs_frame_discriminator(const ObjectiveConfig& config);
bool needs_sequence_discriminator(const ObjectiveConfig& config);

}  // namespace stgmamba::losses
