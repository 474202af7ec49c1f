// SPDX-License-Identifier: MIT
// A dancer's body: a pose in angles and foot places, turned into joints by forward kinematics (arms, torso, head) and
// two-bone inverse kinematics (legs, whose feet are planted).
#pragma once

#include <array>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::synth {

using Vec3 = std::array<double, 3>;

/// What a pose is made of: metres and degrees. The torso is rigid, so that hips and shoulders keep their distance to
/// the neck. An arm: raise 0 = down, 90 = horizontal, 180 = up; forward 0 = to the side, 90 = in front; elbow 0 =
/// straight; swivel turns the forearm: 0 = up (inward overhead), 90 = forward (inward in front), 180 = down.
enum Channel : int {
  kRootX,  // + to the dancer's left
  kRootZ,  // + forward
  kDrop,   // how far the hips sink below straight legs
  kYaw,    // + turns to the dancer's left
  kRoll,   // + leans to the left
  kPitch,  // + leans forward
  kTwist,  // hips against shoulders
  kShrug,  // shoulder line tilted, + left one down
  kHeadYaw,
  kHeadPitch,
  kHeadRoll,
  kLeftArm,                   // raise, forward, elbow, swivel
  kRightArm = kLeftArm + 4,   // the mirror image
  kLeftFoot = kRightArm + 4,  // x, y (lift), z of the ankle, on the floor's frame
  kRightFoot = kLeftFoot + 3,
  kChannels = kRightFoot + 3
};

using Pose = std::array<double, kChannels>;

/// Bone lengths in metres.
struct Body {
  double spine = 0.50, hip = 0.10, shoulder = 0.17, upper_arm = 0.28, forearm = 0.25, thigh = 0.42, shank = 0.41;
  double ankle = 0.08;  // height of a standing ankle
  double head = 1.0;    // size of the head
  double turnout = 20;  // degrees that knees point outwards
};

/// A person: `spread` 0 = the standard body, 1 = as people differ.
Body draw_body(util::Random& random, double spread);

std::array<Vec3, skeleton::kJoints> place_joints(const Body& body, const Pose& pose);

}  // namespace stgmamba::synth
