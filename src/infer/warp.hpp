// SPDX-License-Identifier: MIT
// Textured triangles over a picture.
#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "infer/body_parts.hpp"

namespace stgmamba::infer {

/// A grid of points: where each lies in the photo and where it goes.
struct Net {
  int rows = 0, columns = 0;
  std::vector<cv::Point2d> from, to;  // [rows * columns], the same order
};

/// Draws a texture through a net into a layer of its own, then over `canvas` (CV_8UC3). Where the net folds, the more
/// opaque sample stands: no holes, no seams between triangles. `layer` is scratch of the canvas' size, CV_8UC4, zero
/// before and after.
void draw_warped(cv::Mat& canvas, cv::Mat& layer, const Texture& texture, const Net& net);

}  // namespace stgmamba::infer
