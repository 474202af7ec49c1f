// SPDX-License-Identifier: MIT
#include "body.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace stgmamba::synth {

namespace {

using skeleton::kJoints;
using Frame = std::array<Vec3, 3>;  // axes: left, up, forward

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr double kStraight = 0.99;  // a standing leg is never quite straight

Vec3 operator+(const Vec3& a, const Vec3& b) {
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}
Vec3 operator-(const Vec3& a, const Vec3& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
Vec3 operator*(double s, const Vec3& a) {
  return {s * a[0], s * a[1], s * a[2]};
}
double dot(const Vec3& a, const Vec3& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
double length(const Vec3& a) {
  return std::sqrt(dot(a, a));
}

Vec3 in_frame(const Frame& frame, const Vec3& local) {
  return local[0] * frame[0] + local[1] * frame[1] + local[2] * frame[2];
}

/// Turns `frame` about its own axis number `axis`, right-handed.
Frame turned(const Frame& frame, int axis, double degrees) {
  const double c = std::cos(degrees * kDegree), s = std::sin(degrees * kDegree);
  const auto i = static_cast<std::size_t>(axis), j = (i + 1) % 3, k = (i + 2) % 3;
  Frame out = frame;
  out[j] = c * frame[j] + s * frame[k];
  out[k] = c * frame[k] - s * frame[j];
  return out;
}

/// Elbow and wrist of one arm; side +1 = left.
std::array<Vec3, 2> place_arm(const Body& body, const Frame& frame, const Vec3& shoulder, const double* arm, int side) {
  const double a = arm[0] * kDegree, b = arm[1] * kDegree, e = arm[2] * kDegree, s = arm[3] * kDegree;
  const Vec3 upper = {side * std::sin(a) * std::cos(b), -std::cos(a), std::sin(a) * std::sin(b)};
  const Vec3 raising = {side * std::cos(a) * std::cos(b), std::sin(a), std::cos(a) * std::sin(b)};
  const Vec3 fronting = {-side * std::sin(b), 0.0, std::cos(b)};
  const Vec3 bend = std::cos(s) * raising + std::sin(s) * fronting;
  const Vec3 fore = std::cos(e) * upper + std::sin(e) * bend;
  const Vec3 elbow = shoulder + body.upper_arm * in_frame(frame, upper);
  return {elbow, elbow + body.forearm * in_frame(frame, fore)};
}

/// Knee and ankle: the ankle at `target` where the leg reaches, else on the line to it.
std::array<Vec3, 2> place_leg(const Body& body, const Vec3& hip, const Vec3& target, const Vec3& pole) {
  const Vec3 line = target - hip;
  const double full = body.thigh + body.shank;
  const double reach = std::clamp(length(line), 0.3 * full, 0.9999 * full);
  const Vec3 along = (1.0 / std::max(1e-6, length(line))) * line;
  const double x = (reach * reach + body.thigh * body.thigh - body.shank * body.shank) / (2 * reach);
  const double h = std::sqrt(std::max(0.0, body.thigh * body.thigh - x * x));
  Vec3 side = pole - dot(pole, along) * along;
  side = (1.0 / std::max(1e-6, length(side))) * side;
  return {hip + x * along + h * side, hip + reach * along};
}

/// Highest middle of the hips at which both feet stay where they are.
double hip_height(const Body& body, const Vec3& middle, const std::array<Vec3, 2>& offsets,
                  const std::array<Vec3, 2>& feet) {
  const double full = kStraight * (body.thigh + body.shank);
  double height = 10.0;
  for (std::size_t leg = 0; leg < 2; ++leg) {
    const Vec3 hip = middle + offsets[leg];
    const double across = std::hypot(feet[leg][0] - hip[0], feet[leg][2] - hip[2]);
    const double rise = std::sqrt(std::max(0.04, full * full - across * across));
    height = std::min(height, feet[leg][1] + rise - offsets[leg][1]);
  }
  return height;
}

void place_head(const Body& body, const Frame& torso, const Vec3& neck, const Pose& pose,
                std::array<Vec3, kJoints>& joints) {
  Frame head = turned(torso, 1, pose[kHeadYaw]);
  head = turned(turned(head, 0, pose[kHeadPitch]), 2, -pose[kHeadRoll]);
  const auto at = [&](double x, double y, double z) { return neck + body.head * in_frame(head, {x, y, z}); };
  joints[skeleton::kNose] = at(0.0, 0.175, 0.10);
  joints[skeleton::kRightEye] = at(-0.032, 0.21, 0.085);
  joints[skeleton::kLeftEye] = at(0.032, 0.21, 0.085);
  joints[skeleton::kRightEar] = at(-0.075, 0.19, 0.01);
  joints[skeleton::kLeftEar] = at(0.075, 0.19, 0.01);
}

}  // namespace

Body draw_body(util::Random& random, double spread) {
  Body body;
  const double size = 1.0 + 0.03 * spread * random.normal();
  for (double* bone : {&body.spine, &body.hip, &body.shoulder, &body.upper_arm, &body.forearm, &body.thigh, &body.shank,
                       &body.ankle, &body.head}) {
    *bone *= std::clamp(size * (1.0 + 0.02 * spread * random.normal()), 0.85, 1.15);
  }
  return body;
}

std::array<Vec3, kJoints> place_joints(const Body& body, const Pose& pose) {
  std::array<Vec3, kJoints> joints{};
  const Frame world = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  const Frame facing = turned(world, 1, pose[kYaw]);
  const Frame torso = turned(turned(facing, 2, -pose[kRoll]), 0, pose[kPitch]);
  const Frame pelvis = turned(torso, 1, pose[kTwist]);
  const Frame shoulders = turned(torso, 2, -pose[kShrug]);

  const std::array<Vec3, 2> hip_offsets = {body.hip * pelvis[0], -body.hip * pelvis[0]};
  const auto foot = [&](int first) {
    return Vec3{pose[static_cast<std::size_t>(first)], pose[static_cast<std::size_t>(first) + 1] + body.ankle,
                pose[static_cast<std::size_t>(first) + 2]};
  };
  const std::array<Vec3, 2> feet = {foot(kLeftFoot), foot(kRightFoot)};
  Vec3 middle = {pose[kRootX], 0.0, pose[kRootZ]};
  middle[1] = hip_height(body, middle, hip_offsets, feet) - std::max(0.0, pose[kDrop]);
  const Vec3 neck = middle + body.spine * torso[1];

  joints[skeleton::kNeck] = neck;
  joints[skeleton::kLeftHip] = middle + hip_offsets[0];
  joints[skeleton::kRightHip] = middle + hip_offsets[1];
  joints[skeleton::kLeftShoulder] = neck + in_frame(shoulders, {body.shoulder, -0.03, 0.0});
  joints[skeleton::kRightShoulder] = neck + in_frame(shoulders, {-body.shoulder, -0.03, 0.0});
  const auto left = place_arm(body, torso, joints[skeleton::kLeftShoulder], &pose[kLeftArm], 1);
  const auto right = place_arm(body, torso, joints[skeleton::kRightShoulder], &pose[kRightArm], -1);
  joints[skeleton::kLeftElbow] = left[0];
  joints[skeleton::kLeftWrist] = left[1];
  joints[skeleton::kRightElbow] = right[0];
  joints[skeleton::kRightWrist] = right[1];

  const double out = std::sin(body.turnout * kDegree), ahead = std::cos(body.turnout * kDegree);
  const Vec3 forward = ahead * facing[2];
  const auto left_leg = place_leg(body, joints[skeleton::kLeftHip], feet[0], forward + out * facing[0]);
  const auto right_leg = place_leg(body, joints[skeleton::kRightHip], feet[1], forward - out * facing[0]);
  joints[skeleton::kLeftKnee] = left_leg[0];
  joints[skeleton::kLeftAnkle] = left_leg[1];
  joints[skeleton::kRightKnee] = right_leg[0];
  joints[skeleton::kRightAnkle] = right_leg[1];
  place_head(body, torso, neck, pose, joints);
  return joints;
}

}  // namespace stgmamba::synth
