// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numeric>

#include "stgmamba/infer/cutout.hpp"
#include "stgmamba/util/check.hpp"

#include "infer/body_shape.hpp"

namespace stgmamba::infer {
namespace {

using skeleton::kJoints;
using skeleton::kLeftHip;
using skeleton::kLeftShoulder;
using skeleton::kNeck;
using skeleton::kRightHip;
using skeleton::kRightShoulder;
using skeleton::Motion;
using Joints = std::array<cv::Point2d, kJoints>;

constexpr double kUsual = 0.9, kFloorLevel = 0.98;          // percentiles over the motion
constexpr double kLeastBone = 0.2, kMostBone = 1.05;        // of the bone's length; 1 = in the picture's plane
constexpr double kLeastTrunk = 0.5, kLeastShoulders = 0.4;  // a trunk is never squeezed to a line
constexpr double kMostHeadTurn = 0.6;                       // radians either way
constexpr double kMargin = 0.16;                            // m kept between joints and the picture's edge
constexpr double kTravelStep = 0.05, kTravelWithArms = 0.6;

Joints joints_of(const Motion& motion, std::int64_t frame) {
  Joints joints;
  for (int v = 0; v < kJoints; ++v) {
    joints[static_cast<std::size_t>(v)] = {motion.x(frame, v), motion.y(frame, v)};
  }
  return joints;
}

double percentile(std::vector<double> values, double share) {
  const auto at = values.begin() + std::lround(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

cv::Point2d hip_middle(const Joints& joints) {
  return (joints[kRightHip] + joints[kLeftHip]) / 2;
}

/// How far the head leans to its side, radians; ears, because a nose also moves when the head turns.
double head_angle(const Joints& joints) {
  const cv::Point2d up = (joints[skeleton::kRightEar] + joints[skeleton::kLeftEar]) / 2 - joints[kNeck];
  return std::atan2(up.x, -up.y);
}

double lower_ankle(const Joints& joints) {
  return std::max(joints[skeleton::kRightAnkle].y, joints[skeleton::kLeftAnkle].y);
}

cv::Point2d bone(const Joints& joints, Limb limb, int which) {
  const auto& chain = limb_joints(limb);
  return joints[static_cast<std::size_t>(chain[static_cast<std::size_t>(which) + 1])] -
         joints[static_cast<std::size_t>(chain[static_cast<std::size_t>(which)])];
}

/// `direction` at `length`, shortened as the dance shortens it.
cv::Point2d retarget(cv::Point2d direction, double usual, double length, double least) {
  const double own = cv::norm(direction);
  if (!(own > 1e-6) || !(usual > 0.0)) {
    return {0.0, length};
  }
  return direction * (length * std::clamp(own / usual, least, kMostBone) / own);
}

}  // namespace

struct PlacedDance::Impl {
  const BodyShape& body;
  int width = 0;
  std::array<std::array<double, 2>, kLimbs> usual{};  // bone lengths of the dance, both sides alike
  double torso = 0.0, shoulders = 0.0, hips = 0.0, head = 0.0, floor = 0.0;
  double middle_x = 0.0, middle_y = 0.0;  // of the hips, median
  double scale = 1.0;                     // photo pixels a motion pixel
  double place_x = 0.0, travel = 1.0;

  void measure(const Motion& motion);
  void fit(const Motion& motion);
  Joints pose(const Joints& dance) const;  // the hips' middle at (0, y)
};

void PlacedDance::Impl::measure(const Motion& motion) {
  std::vector<double> trunk, wide, hip, leans, lows, xs, ys;
  std::array<std::array<std::vector<double>, 2>, kLimbs> bones;
  for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
    const Joints joints = joints_of(motion, frame);
    trunk.push_back(cv::norm(joints[kNeck] - hip_middle(joints)));
    wide.push_back(cv::norm(joints[kLeftShoulder] - joints[kRightShoulder]));
    hip.push_back(cv::norm(joints[kLeftHip] - joints[kRightHip]));
    leans.push_back(head_angle(joints));
    lows.push_back(lower_ankle(joints));
    xs.push_back(hip_middle(joints).x);
    ys.push_back(hip_middle(joints).y);
    for (std::size_t limb = 0; limb < kLimbs; ++limb) {
      for (std::size_t which = 0; which < 2; ++which) {
        bones[limb][which].push_back(cv::norm(bone(joints, static_cast<Limb>(limb), static_cast<int>(which))));
      }
    }
  }
  torso = percentile(trunk, kUsual);
  shoulders = percentile(wide, kUsual);
  hips = percentile(hip, kUsual);
  head = percentile(leans, 0.5);
  floor = percentile(lows, kFloorLevel);
  middle_x = percentile(xs, 0.5);
  middle_y = percentile(ys, 0.5);
  for (std::size_t limb = 0; limb < kLimbs; ++limb) {
    for (std::size_t which = 0; which < 2; ++which) {
      usual[limb][which] =
          std::max(percentile(bones[limb][which], kUsual), percentile(bones[limb ^ 1U][which], kUsual));
    }
  }
  const double legs = usual[kRightLeg][0] + usual[kRightLeg][1];
  scale = (body.length[kRightLeg][0] + body.length[kRightLeg][1]) / std::max(1.0, legs);
}

Joints PlacedDance::Impl::pose(const Joints& dance) const {
  Joints out;
  const cv::Point2d shoulder_line = dance[kLeftShoulder] - dance[kRightShoulder];
  const cv::Point2d hip_line = dance[kLeftHip] - dance[kRightHip];
  const cv::Point2d across = retarget(hip_line, hips, body.hips, kLeastShoulders) / 2;
  out[kRightHip] = -across;
  out[kLeftHip] = across;
  out[kNeck] = retarget(dance[kNeck] - hip_middle(dance), torso, body.torso, kLeastTrunk);
  const cv::Point2d half = retarget(shoulder_line, shoulders, body.shoulders, kLeastShoulders) / 2;
  const cv::Point2d below_neck = (body.at[kRightShoulder] + body.at[kLeftShoulder]) / 2 - body.at[kNeck];
  out[kRightShoulder] = out[kNeck] + below_neck - half;
  out[kLeftShoulder] = out[kNeck] + below_neck + half;
  for (std::size_t i = 0; i < kLimbs; ++i) {
    const auto limb = static_cast<Limb>(i);
    const auto& chain = limb_joints(limb);
    for (std::size_t which = 0; which < 2; ++which) {
      out[static_cast<std::size_t>(chain[which + 1])] =
          out[static_cast<std::size_t>(chain[which])] +
          retarget(bone(dance, limb, static_cast<int>(which)), usual[i][which], body.length[i][which], kLeastBone);
    }
  }
  const double turn = std::clamp(head_angle(dance) - head, -kMostHeadTurn, kMostHeadTurn);
  const double c = std::cos(turn), s = std::sin(turn);
  for (const std::size_t v :
       {skeleton::kNose, skeleton::kRightEye, skeleton::kLeftEye, skeleton::kRightEar, skeleton::kLeftEar}) {
    const cv::Point2d p = body.at[v] - body.at[kNeck];
    out[v] = out[kNeck] + cv::Point2d(c * p.x - s * p.y, s * p.x + c * p.y);
  }
  const double y = std::isnan(body.floor)
                       ? body.hip_middle().y + scale * (hip_middle(dance).y - middle_y)
                       : body.floor - scale * std::max(0.0, floor - lower_ankle(dance)) - lower_ankle(out);
  for (cv::Point2d& joint : out) {
    joint.y += y;
  }
  return out;
}

/// The largest share of the travel, and the place nearest to the photo's person, with which all joints stay inside the
/// picture; where arms alone are too long for it, with which all others do.
void PlacedDance::Impl::fit(const Motion& motion) {
  struct Reach {
    double offset, left, right;
  };
  const double margin = kMargin * body.metre;
  for (const bool arms : {true, false}) {
    std::vector<Reach> reaches;
    for (std::int64_t frame = 0; frame < motion.frames(); ++frame) {
      const Joints dance = joints_of(motion, frame);
      const Joints joints = pose(dance);
      Reach reach{scale * (hip_middle(dance).x - middle_x), 0.0, 0.0};
      for (int v = 0; v < kJoints; ++v) {
        const bool arm = (v >= skeleton::kRightElbow && v <= skeleton::kRightWrist) ||
                         (v >= skeleton::kLeftElbow && v <= skeleton::kLeftWrist);
        if (arms || !arm) {
          reach.left = std::min(reach.left, joints[static_cast<std::size_t>(v)].x);
          reach.right = std::max(reach.right, joints[static_cast<std::size_t>(v)].x);
        }
      }
      reaches.push_back(reach);
    }
    for (travel = 1.0; travel >= (arms ? kTravelWithArms : 0.0); travel -= kTravelStep) {
      double low = -INFINITY, high = INFINITY;
      for (const Reach& reach : reaches) {
        low = std::max(low, margin - reach.left - travel * reach.offset);
        high = std::min(high, width - margin - reach.right - travel * reach.offset);
      }
      if (low <= high) {
        place_x = std::clamp(body.hip_middle().x, low, high);
        return;
      }
      place_x = (low + high) / 2;
    }
  }
  travel = 0.0;
}

PlacedDance::PlacedDance(const Cutout& person, const Motion& motion)
    : PlacedDance(person.body(), person.width(), motion) {}

PlacedDance::PlacedDance(const BodyShape& body, int width, const Motion& motion) : impl_(new Impl{body}) {
  STG_CHECK(motion.frames() > 0 && skeleton::missing_share(motion) < 1.0, "[PlacedDance] an empty motion");
  Motion whole = motion;
  skeleton::fill_missing(whole, 0.5);
  impl_->width = width;
  impl_->measure(whole);
  impl_->fit(whole);
}

PlacedDance::~PlacedDance() = default;
PlacedDance::PlacedDance(PlacedDance&&) noexcept = default;

double PlacedDance::travel() const {
  return impl_->travel;
}

PhotoPose PlacedDance::place(const Motion& motion, std::int64_t frame) const {
  const Joints dance = joints_of(motion, frame);
  const Joints joints = impl_->pose(dance);
  const double x = impl_->place_x + impl_->travel * impl_->scale * (hip_middle(dance).x - impl_->middle_x);
  PhotoPose out;
  for (std::size_t v = 0; v < kJoints; ++v) {
    STG_CHECK(std::isfinite(joints[v].x) && std::isfinite(joints[v].y), "[PlacedDance] frame {} lacks joints", frame);
    out.at[v] = {joints[v].x + x, joints[v].y};
    out.score[v] = 1.0F;
  }
  return out;
}

}  // namespace stgmamba::infer
