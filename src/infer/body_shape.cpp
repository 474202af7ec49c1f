// SPDX-License-Identifier: MIT
#include "infer/body_shape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "stgmamba/util/error.hpp"

#include "infer/mat_view.hpp"

namespace stgmamba::infer {
namespace {

using skeleton::kJoints;
using skeleton::kLeftHip;
using skeleton::kLeftShoulder;
using skeleton::kNeck;
using skeleton::kRightHip;
using skeleton::kRightShoulder;

constexpr double kSmallestMetre = 30.0;  // px: under this nothing can be cut out
constexpr double kSideOn = 0.5;          // of the usual shoulder width
constexpr double kShortened = 0.6;       // of the other side's bone: it points at the camera
constexpr double kLeastLength = 0.8;     // of the usual length of a bone that is shortened on both sides ...
constexpr double kMostStretch = 1.3;     // ... but no more than this is made up
constexpr const char* kLimbNames[kLimbs] = {"right arm", "left arm", "right leg", "left leg"};

struct Standard {
  double upper, lower;
};
Standard standard(Limb limb) {
  return is_arm(limb) ? Standard{kUpperArmLength, kForearmLength} : Standard{kThighLength, kShankLength};
}

/// Measured length of a bone of a limb (0 upper, 1 lower); 0 when not seen.
double measured(const BodyShape& body, Limb limb, int bone) {
  const auto a = static_cast<std::size_t>(limb_joints(limb)[static_cast<std::size_t>(bone)]);
  const auto b = static_cast<std::size_t>(limb_joints(limb)[static_cast<std::size_t>(bone) + 1]);
  return body.seen[a] && body.seen[b] ? cv::norm(body.at[a] - body.at[b]) : 0.0;
}

double distance(const BodyShape& body, int a, int b) {
  return cv::norm(body.at[static_cast<std::size_t>(a)] - body.at[static_cast<std::size_t>(b)]);
}

/// Pixels a metre: the upper quartile over the bones, since foreshortening only makes bones shorter.
double measure_metre(const BodyShape& body) {
  std::vector<double> votes = {distance(body, kRightShoulder, kLeftShoulder) / kShoulderWidth};
  if (body.seen[kRightHip] && body.seen[kLeftHip]) {
    votes.push_back(cv::norm(body.at[kNeck] - body.hip_middle()) / kTorsoLength);
  }
  for (int limb = 0; limb < kLimbs; ++limb) {
    const Standard usual = standard(static_cast<Limb>(limb));
    for (int bone = 0; bone < 2; ++bone) {
      const double length = measured(body, static_cast<Limb>(limb), bone);
      if (length > 0.0) {
        votes.push_back(length / (bone == 0 ? usual.upper : usual.lower));
      }
    }
  }
  std::sort(votes.begin(), votes.end());
  return votes[static_cast<std::size_t>(0.75 * static_cast<double>(votes.size() - 1))];
}

/// Shoulders, neck and hips from each other where one is missing.
void complete_trunk(BodyShape& body, const std::string& name) {
  auto& at = body.at;
  auto& seen = body.seen;
  for (const auto& [own, other] :
       {std::pair(kRightShoulder, kLeftShoulder), std::pair(kLeftShoulder, kRightShoulder)}) {
    if (!seen[own] && seen[other] && seen[kNeck]) {
      at[own] = 2 * at[kNeck] - at[other];
      seen[own] = true;
      body.notes.push_back(fmt::format("the {} is estimated", skeleton::joint_name(own)));
    }
  }
  if (!seen[kRightShoulder] || !seen[kLeftShoulder]) {
    throw DataError("{}: the photo's pose must show both shoulders (or one and the neck)", name);
  }
  if (!seen[kNeck]) {
    at[kNeck] = (at[kRightShoulder] + at[kLeftShoulder]) / 2;
    seen[kNeck] = true;
  }
}

void complete_hips(BodyShape& body) {
  auto& at = body.at;
  auto& seen = body.seen;
  if (seen[kRightHip] && seen[kLeftHip]) {
    return;
  }
  const cv::Point2d across = (at[kLeftShoulder] - at[kRightShoulder]) * (kHipWidth / kShoulderWidth);
  if (seen[kRightHip]) {
    at[kLeftHip] = at[kRightHip] + across;
  } else if (seen[kLeftHip]) {
    at[kRightHip] = at[kLeftHip] - across;
  } else {
    const cv::Point2d middle = at[kNeck] + cv::Point2d(0, kTorsoLength * body.metre);
    at[kRightHip] = middle - across / 2;
    at[kLeftHip] = middle + across / 2;
  }
  seen[kRightHip] = seen[kLeftHip] = true;
  body.notes.emplace_back("hips are estimated");
}

/// Decides whose pixels draw the limb. A limb without its last joint and without a whole counterpart goes on straight.
void choose_source(BodyShape& body, Limb limb) {
  const auto& joints = limb_joints(limb);
  const Limb other = other_side(limb);
  const double upper = measured(body, limb, 0), lower = measured(body, limb, 1);
  const double other_upper = measured(body, other, 0), other_lower = measured(body, other, 1);
  const bool whole = upper > 0.0 && lower > 0.0, other_whole = other_upper > 0.0 && other_lower > 0.0;
  const bool shortened = whole && other_whole && (upper < kShortened * other_upper || lower < kShortened * other_lower);
  const bool other_shortened =
      whole && other_whole && (other_upper < kShortened * upper || other_lower < kShortened * lower);
  const auto index = static_cast<std::size_t>(limb);
  if (whole && (!shortened || other_shortened)) {
    body.source[index] = LimbSource::kOwn;
    return;
  }
  if (other_whole) {
    body.source[index] = LimbSource::kOtherSide;
    body.limb_notes.push_back(fmt::format("the {} is {}; it is drawn as the mirror image of the other",
                                          kLimbNames[limb], whole ? "foreshortened" : "not seen whole"));
    return;
  }
  if (upper > 0.0) {
    const auto a = static_cast<std::size_t>(joints[0]), b = static_cast<std::size_t>(joints[1]);
    const Standard usual = standard(limb);
    body.at[static_cast<std::size_t>(joints[2])] =
        body.at[b] + (body.at[b] - body.at[a]) * (usual.lower * body.metre / std::max(1.0, upper));
    body.source[index] = LimbSource::kOwn;
    body.notes.push_back(fmt::format("the {} is estimated", skeleton::joint_name(joints[2])));
    return;
  }
  body.source[index] = LimbSource::kNone;
  body.limb_notes.push_back(fmt::format("no {} is seen; none is drawn", is_arm(limb) ? "arm" : "leg"));
}

void measure_lengths(BodyShape& body) {
  for (int limb = 0; limb < kLimbs; ++limb) {
    const auto own = static_cast<Limb>(limb);
    const Standard usual = standard(own);
    for (int bone = 0; bone < 2; ++bone) {
      const double longer = std::max(measured(body, own, bone), measured(body, other_side(own), bone));
      const double expected = (bone == 0 ? usual.upper : usual.lower) * body.metre;
      body.length[static_cast<std::size_t>(limb)][static_cast<std::size_t>(bone)] =
          longer > 0.0 ? std::max(longer, std::min(kLeastLength * expected, kMostStretch * longer)) : expected;
    }
  }
  body.torso = cv::norm(body.at[kNeck] - body.hip_middle());
  body.shoulders = distance(body, kRightShoulder, kLeftShoulder);
  body.hips = distance(body, kRightHip, kLeftHip);
}

}  // namespace

const std::array<int, 3>& limb_joints(Limb limb) {
  static constexpr std::array<std::array<int, 3>, kLimbs> kTable = {{
      {skeleton::kRightShoulder, skeleton::kRightElbow, skeleton::kRightWrist},
      {skeleton::kLeftShoulder, skeleton::kLeftElbow, skeleton::kLeftWrist},
      {skeleton::kRightHip, skeleton::kRightKnee, skeleton::kRightAnkle},
      {skeleton::kLeftHip, skeleton::kLeftKnee, skeleton::kLeftAnkle},
  }};
  return kTable[static_cast<std::size_t>(limb)];
}

Limb other_side(Limb limb) {
  return static_cast<Limb>(limb ^ 1);
}

cv::Point2d BodyShape::hip_middle() const {
  return (at[kRightHip] + at[kLeftHip]) / 2;
}

cv::Point2d BodyShape::head_centre() const {
  if (seen[skeleton::kRightEar] && seen[skeleton::kLeftEar]) {
    return (at[skeleton::kRightEar] + at[skeleton::kLeftEar]) / 2;
  }
  cv::Point2d sum;
  int count = 0;
  for (const int joint :
       {skeleton::kNose, skeleton::kRightEye, skeleton::kLeftEye, skeleton::kRightEar, skeleton::kLeftEar}) {
    if (seen[static_cast<std::size_t>(joint)]) {
      sum += at[static_cast<std::size_t>(joint)];
      ++count;
    }
  }
  return count > 0 ? sum / count : at[kNeck] - cv::Point2d(0, 0.22 * metre);
}

BodyShape measure_body(const PhotoPose& photo, const std::string& name) {
  PhotoPose pose = photo;
  BodyShape body;
  if (pose.seen(kRightShoulder) && pose.seen(kLeftShoulder) && pose[kRightShoulder].x > pose[kLeftShoulder].x) {
    for (std::size_t v = 0; v < kJoints; ++v) {
      const auto from = static_cast<std::size_t>(skeleton::mirror_pairs()[v]);
      pose.at[v] = photo.at[from];
      pose.score[v] = photo.score[from];
    }
    body.swapped = true;
  }
  for (std::size_t v = 0; v < kJoints; ++v) {
    body.seen[v] = pose.seen(static_cast<int>(v));
    body.at[v] = to_cv(pose.at[v]);
  }
  complete_trunk(body, name);
  body.metre = measure_metre(body);
  if (!(body.metre >= kSmallestMetre)) {
    throw DataError("{}: the person must be at least {:.0f} pixels tall in the video, got about {:.0f}", name,
                    1.7 * kSmallestMetre, 1.7 * body.metre);
  }
  complete_hips(body);
  body.side_on = distance(body, kRightShoulder, kLeftShoulder) < kSideOn * kShoulderWidth * body.metre;
  body.floor = std::numeric_limits<double>::quiet_NaN();
  for (const int ankle : {skeleton::kRightAnkle, skeleton::kLeftAnkle}) {
    if (body.seen[static_cast<std::size_t>(ankle)]) {
      body.floor = std::fmax(body.floor, body.at[static_cast<std::size_t>(ankle)].y);
    }
  }
  measure_lengths(body);
  for (int limb = 0; limb < kLimbs; ++limb) {
    choose_source(body, static_cast<Limb>(limb));
  }
  if (body.side_on) {
    body.notes.emplace_back("the person stands side-on; a photo from the front dances better");
  }
  if (body.swapped) {
    body.notes.emplace_back("the right side is on the picture's right (mirrored, or seen from behind); drawn as it is");
  }
  return body;
}

std::vector<Bone> bones_of(const BodyShape& body) {
  const double metre = body.metre;
  std::vector<Bone> bones;
  for (int i = 0; i < kLimbs; ++i) {
    const auto limb = static_cast<Limb>(i);
    const auto& joints = limb_joints(limb);
    const auto a = static_cast<std::size_t>(joints[0]), b = static_cast<std::size_t>(joints[1]),
               c = static_cast<std::size_t>(joints[2]);
    if (!body.seen[b]) {
      continue;
    }
    bones.push_back({body.at[a], body.at[b], (is_arm(limb) ? 0.065 : 0.095) * metre, i});
    if (!body.seen[c]) {
      continue;
    }
    bones.push_back({body.at[b], body.at[c], (is_arm(limb) ? 0.05 : 0.07) * metre, i});
    const cv::Point2d along = (body.at[c] - body.at[b]) / std::max(1.0, cv::norm(body.at[c] - body.at[b]));
    // A foot is under its ankle however the shank leans.
    const cv::Point2d end = is_arm(limb) ? along * (0.5 * kHandLength * metre)
                                         : (0.5 * along + cv::Point2d(0, 0.5)) * (0.6 * kFootDrop * metre);
    bones.push_back({body.at[c], body.at[c] + end, (is_arm(limb) ? 0.055 : 0.085) * metre, i});
  }
  const cv::Point2d head = body.head_centre();
  const cv::Point2d neck = body.at[kNeck];
  const cv::Point2d up = (head - neck) / std::max(1.0, cv::norm(head - neck));
  bones.push_back({neck + (head - neck) * 0.35, head, 0.065 * metre, kHeadPart});
  bones.push_back({head, head + up * (0.06 * metre), 0.115 * metre, kHeadPart});
  return bones;
}

std::vector<cv::Point2d> torso_outline(const BodyShape& body, double margin) {
  const cv::Point2d spine = body.hip_middle() - body.at[kNeck];
  const cv::Point2d down = spine / std::max(1.0, cv::norm(spine));
  cv::Point2d across(down.y, -down.x);  // towards the person's left in a photo from the front
  const double width = std::max(body.shoulders, 0.2 * body.metre) / 2 + margin;
  const double hip_width = std::max(body.hips, 0.18 * body.metre) / 2 + margin + 0.03 * body.metre;
  const cv::Point2d top = (body.at[kRightShoulder] + body.at[kLeftShoulder]) / 2 - down * margin;
  const cv::Point2d bottom = body.hip_middle() + down * margin;
  if (!body.side_on) {
    const cv::Point2d shoulders = body.at[kLeftShoulder] - body.at[kRightShoulder];
    const cv::Point2d line = shoulders / std::max(1.0, cv::norm(shoulders));
    return {top - line * width, top + line * width, bottom + across * hip_width, bottom - across * hip_width};
  }
  return {top - across * width, top + across * width, bottom + across * hip_width, bottom - across * hip_width};
}

double distance_to_segment(cv::Point2d p, cv::Point2d a, cv::Point2d b) {
  const cv::Point2d ab = b - a;
  const double square = ab.dot(ab);
  const double t = square > 0.0 ? std::clamp((p - a).dot(ab) / square, 0.0, 1.0) : 0.0;
  return cv::norm(p - a - ab * t);
}

}  // namespace stgmamba::infer
