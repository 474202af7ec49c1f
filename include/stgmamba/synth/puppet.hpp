// SPDX-License-Identifier: MIT
// Dancers with looks: shaded, clothed figures over indoor and outdoor scenes, each identity its own, left unlike right
// so that a mirrored picture shows. They stand in for filmed people: to train and test skeleton-to-video networks on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/facing.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::synth {

inline constexpr int kPuppets = 40, kHeldOutPuppets = 8;  // the last eight never train

enum class Pattern { kPlain, kStripes, kHoops, kChecks, kDots };

struct Fabric {
  media::Rgb base, second;
  Pattern pattern = Pattern::kPlain;
  double period = 0.08;  // m
};

enum class HairCut { kShort, kLong, kBun, kSideTail, kCap };

/// What a puppet looks like. Lengths are shares of a bone.
struct PuppetLook {
  media::Rgb skin, hair, eyes;
  HairCut cut = HairCut::kShort;
  bool parted_left = true;  // hair, fringe and tail lie to this side
  double girth = 1.0;       // of the body's usual thickness
  Fabric shirt, right_sleeve, left_sleeve;
  double right_sleeve_length = 1.0, left_sleeve_length = 1.0;  // 0..2: upper arm, then forearm
  bool emblem = true;                                          // on the left of the chest
  bool sash = false;                                           // from the right shoulder to the left hip
  Fabric right_leg, left_leg;
  double leg_length = 2.0;  // 0..2: thigh, then shank
  bool skirt = false;
  media::Rgb right_shoe, left_shoe;
  bool glasses = false;
  int backdrop = 0;
};

/// A function of (corpus seed, identity); identities of one seed differ.
PuppetLook puppet_look(std::uint64_t seed, int identity);
std::string puppet_name(int identity);  // "puppet_07"

inline constexpr int kBackdrops = 16;  // the first half indoor, the others outdoor
/// Scene `number` with the floor's far edge at `horizon` (share of the height); a function of (seed, number, size).
media::Image backdrop(std::uint64_t seed, int number, int width, int height, double horizon = 0.72);

/// Pixels a metre of a dancer: by the neck-to-hip length (90th percentile), which is half a metre.
double puppet_metre(const skeleton::Motion& motion);

/// Joints in the picture's pixels (all finite). Draws over `picture`: far arm, legs, torso, near arm, head.
void draw_puppet(media::Image& picture, const std::array<media::Point, skeleton::kJoints>& joints, double metre,
                 skeleton::NearSide near, const PuppetLook& look);

/// A dance as the clip of one identity over its scene. A video pixel is (pose pixel - (left, top)) * scale.
struct PuppetClip {
  std::vector<media::Image> frames;  // one a pose, size x size
  double scale = 1.0, left = 0.0, top = 0.0;
};
/// One square around the dancer's whole trajectory. `motion` without missing joints; the seed is the corpus'.
PuppetClip film_puppet(const skeleton::Motion& motion, std::uint64_t seed, int identity, int size);

}  // namespace stgmamba::synth
