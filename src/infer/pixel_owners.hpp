// SPDX-License-Identifier: MIT
// Which part of the body each pixel of the person shows.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "infer/body_shape.hpp"

namespace stgmamba::infer {

/// Near a bone the bone owns a pixel; between an arm and what it touches the border follows the picture's edges
/// (watershed).
class PixelOwners {
 public:
  PixelOwners(const cv::Mat& rgb, const cv::Mat& mask, const BodyShape& body);
  int part(int x, int y) const;  // a Limb, kTorsoPart or kHeadPart; -1 = nobody
  int bone(int x, int y) const;  // 0, 1, 2 within the owner's limb

 private:
  struct Claim;
  Claim claim_of(cv::Point2d p, const std::vector<cv::Point2f>& torso, double radius) const;
  bool edges_decide(int a, int b) const;
  const Bone& bone_at(int owner) const;

  std::vector<Bone> bones_;
  cv::Mat map_;  // CV_32S
};

}  // namespace stgmamba::infer
