// SPDX-License-Identifier: MIT
// The photo's person apart from the background.
#pragma once

#include <opencv2/core.hpp>

#include "infer/body_shape.hpp"

namespace stgmamba::infer {

/// Opacity of the person, CV_32F in [0, 1], at the photo's size: GrabCut with sure foreground along the bones, probable
/// foreground by the limbs' thickness and sure background away from them, then edges that follow the picture's.
cv::Mat person_mask(const cv::Mat& rgb, const BodyShape& body);

/// The picture with the person's colours carried over its outline, so that no background shines along a moved edge.
cv::Mat carry_colours_outwards(const cv::Mat& rgb, const cv::Mat& mask, double edge);

}  // namespace stgmamba::infer
