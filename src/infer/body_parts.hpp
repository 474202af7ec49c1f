// SPDX-License-Identifier: MIT
// The person in pieces: a picture with opacity for each part, and the net of points that moves it.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>

#include "infer/body_shape.hpp"

namespace stgmamba::infer {

/// A part's picture. Colours reach beyond the opacity, so that sampling between pixels meets no background.
struct Texture {
  cv::Mat rgba;      // CV_8UC4; empty: nothing to draw
  cv::Point origin;  // of its first pixel in the photo
};

/// A place along a limb's centre line: on bone `bone` (0 upper, 1 lower, 2 hand) at share `t` of it; t < 0 is the cap
/// inside the body. The limb reaches `left` and `right` px across it.
struct Station {
  int bone = 0;
  double t = 0.0, left = 0.0, right = 0.0;
};

struct LimbPart {
  Texture texture;
  std::vector<Station> stations;
  std::vector<cv::Point2d> chain;  // the photo's joints: 3, and the tip of the hand
};

struct Parts {
  std::array<LimbPart, kLimbs> limbs;
  std::array<Texture, 2> feet;  // right, left; rigid
  Texture torso, head;
};

/// Cuts `rgb` by its opacity `mask` (CV_32F). What one part hides of another is filled in.
Parts cut_parts(const cv::Mat& rgb, const cv::Mat& mask, const BodyShape& body);

/// Point and unit normal (towards the right of the way along the chain) of a station on any pose of the chain. Joints
/// are rounded, alike in every pose.
struct ChainPoint {
  cv::Point2d at, normal;
};
ChainPoint along_chain(const std::vector<cv::Point2d>& chain, const Station& station);

}  // namespace stgmamba::infer
