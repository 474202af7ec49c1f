// SPDX-License-Identifier: MIT
// Everything a skeleton-to-video generator may be trained by, with its presets: config section `loss` of the task
// (skeleton-to-video A4, B2, C).
//
//   L_G = gan L_gan + l1 L_l1 + fsr L_fsr + bsr L_bsr                                    [paper, Equation 6: 1, 10, 10,
//   10]
//         + feature_matching L_fm + vgg L_vgg + warp L_warp + temporal (L_gan + ...)     [vid2vid]
#pragma once

#include <string>

#include "stgmamba/config/section.hpp"
#include "stgmamba/losses/neighbours.hpp"

namespace stgmamba::losses {

/// Config section `loss`. `preset` fills in the weights that the configuration does not set itself:
///   paper_eq      the paper's equation alone; gradients also flow through the frames that FSR and BSR condition on
///   vid2vid_plus  the same terms, those frames detached, and vid2vid's: what makes a good picture
///   vid2vid       vid2vid as it trains on OpenPose alone: its raw and its final picture are one and count twice; no L1
///   pix2pixhd     pix2pixHD: adversary, feature matching, VGG
struct VideoObjectiveConfig {
  std::string preset = "vid2vid_plus";
  double gan = 1.0;                         // least squares against the image discriminator
  double l1 = 10.0;                         // mean |I - real|
  double feature_matching = 10.0;           // on the image discriminator
  double vgg = 10.0;                        // off, with a notice, without vgg_weights
  std::string vgg_weights;                  // torchvision's VGG19 as .pth or .safetensors: the user's to bring
  double warp = 10.0;                       // needs the flow teacher, which runs only then
  double temporal = 1.0;                    // least squares against the temporal discriminator; 0: there is none
  double temporal_feature_matching = 10.0;  // on it
  NeighbourConfig neighbours;               // FSR and BSR
  /// The control of FSR and BSR: as many further passes of the generator, from other real frames of the window drawn at
  /// random, towards the real frame: mean |G(R_j, S_i) - R_i|, once for i = 2..F and once for i = 1..F-1 (not in the
  /// paper).
  double control = 0.0;
};
void read(config::Section section, VideoObjectiveConfig& config);

/// Sets what the named preset says.
void apply_preset(const std::string& preset, VideoObjectiveConfig& config);

/// Whether a discriminator of that kind is trained.
bool needs_image_discriminator(const VideoObjectiveConfig& config);
bool needs_temporal_discriminator(const VideoObjectiveConfig& config);

}  // namespace stgmamba::losses
