// SPDX-License-Identifier: MIT
#include "infer/pixel_owners.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

namespace stgmamba::infer {
namespace {

constexpr int kNobody = 1, kTorso = 2, kFirstBone = 3;  // watershed's markers are positive
constexpr double kOnTorso = 0.8, kCore = 0.25, kClear = 0.9;

}  // namespace

struct PixelOwners::Claim {
  int owner = kNobody;
  double distance = 0.0;        // radii
  double bone_distance = 99.0;  // to the nearest bone, when the torso claims
  bool sure() const {
    return owner == kNobody || (owner == kTorso ? distance <= kOnTorso && bone_distance > kClear : distance < kCore);
  }
};

const Bone& PixelOwners::bone_at(int owner) const {
  return bones_[static_cast<std::size_t>(owner - kFirstBone)];
}

/// Legs look alike, and so do the bones of one limb: distance tells them apart better than faint edges do.
bool PixelOwners::edges_decide(int a, int b) const {
  const auto arm = [this](int owner) {
    return owner >= kFirstBone && (bone_at(owner).part == kRightArm || bone_at(owner).part == kLeftArm);
  };
  const bool same_part = a >= kFirstBone && b >= kFirstBone && bone_at(a).part == bone_at(b).part;
  return !same_part && (arm(a) || arm(b));
}

/// The nearest by radii. The torso is flat there: bones that lie on it win.
PixelOwners::Claim PixelOwners::claim_of(cv::Point2d p, const std::vector<cv::Point2f>& torso, double radius) const {
  Claim claim;
  claim.owner = kTorso;
  claim.distance = kOnTorso + std::max(0.0, -cv::pointPolygonTest(torso, cv::Point2f(p), true)) / radius;
  for (std::size_t i = 0; i < bones_.size(); ++i) {
    const double distance = distance_to_segment(p, bones_[i].from, bones_[i].to) / bones_[i].radius;
    claim.bone_distance = std::min(claim.bone_distance, distance);
    if (distance < claim.distance) {
      claim.distance = distance;
      claim.owner = static_cast<int>(i) + kFirstBone;
    }
  }
  return claim;
}

PixelOwners::PixelOwners(const cv::Mat& rgb, const cv::Mat& mask, const BodyShape& body) : bones_(bones_of(body)) {
  std::vector<cv::Point2f> torso;
  for (const cv::Point2d& corner : torso_outline(body, 0.0)) {
    torso.emplace_back(corner);
  }
  cv::Mat markers(mask.size(), CV_32S), nearest(mask.size(), CV_32S);
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      const bool person = mask.at<float>(y, x) > 0.0F;
      const Claim claim = person ? claim_of(cv::Point2d(x, y), torso, 0.09 * body.metre) : Claim{kNobody, 0.0};
      nearest.at<int>(y, x) = claim.owner;
      markers.at<int>(y, x) = claim.sure() ? claim.owner : 0;
    }
  }
  cv::Mat smooth;
  cv::GaussianBlur(rgb, smooth, {}, std::max(0.8, 0.004 * body.metre));
  cv::watershed(smooth, markers);
  nearest.copyTo(markers, markers <= 0);        // watershed's ridges
  nearest.copyTo(markers, nearest == kNobody);  // and it knows no outside
  nearest.copyTo(markers, markers == kNobody);
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      int& owner = markers.at<int>(y, x);
      owner = edges_decide(owner, nearest.at<int>(y, x)) ? owner : nearest.at<int>(y, x);
    }
  }
  map_ = markers;
}

int PixelOwners::part(int x, int y) const {
  const int owner = map_.at<int>(y, x);
  return owner == kTorso ? kTorsoPart : owner == kNobody ? -1 : bone_at(owner).part;
}
int PixelOwners::bone(int x, int y) const {
  int number = -1;
  for (int i = map_.at<int>(y, x); i >= kFirstBone && bone_at(i).part == part(x, y); --i) {
    ++number;
  }
  return number;
}

}  // namespace stgmamba::infer
