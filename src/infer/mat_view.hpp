// SPDX-License-Identifier: MIT
// OpenCV's view of our pictures, for the sources of this layer. Channels stay RGB.
#pragma once

#include <opencv2/core.hpp>

#include "stgmamba/media/image.hpp"

namespace stgmamba::infer {

/// Shares the pixels; writing through it writes into the image.
inline cv::Mat mat_view(media::Image& image) {
  return {image.height, image.width, CV_8UC3, image.pixels.data()};
}
inline cv::Mat mat_view(const media::Image& image) {
  return {image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data())};
}

inline cv::Point2d to_cv(const media::Point& p) {
  return {p.x, p.y};
}

}  // namespace stgmamba::infer
