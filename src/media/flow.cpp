// SPDX-License-Identifier: MIT
#include "stgmamba/media/flow.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "stgmamba/util/check.hpp"

namespace stgmamba::media {
namespace {

cv::Mat grey(const Image& image) {
  const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat out;
  cv::cvtColor(rgb, out, cv::COLOR_RGB2GRAY);
  return out;
}

}  // namespace

std::vector<float> optical_flow(const Image& current, const Image& previous) {
  constexpr int kSmallest = 16;  // the search's finest patches and their borders
  STG_CHECK(current.width == previous.width && current.height == previous.height && current.width >= kSmallest &&
                current.height >= kSmallest,
            "[optical_flow] pictures of {}x{} and {}x{}, at least {} px a side", current.width, current.height,
            previous.width, previous.height, kSmallest);
  cv::Mat flow;  // [H, W, 2]
  cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_MEDIUM)->calc(grey(current), grey(previous), flow);
  const auto plane = static_cast<std::size_t>(current.width) * static_cast<std::size_t>(current.height);
  std::vector<float> out(2 * plane);
  for (int y = 0; y < current.height; ++y) {
    for (int x = 0; x < current.width; ++x) {
      const auto at =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(current.width) + static_cast<std::size_t>(x);
      const cv::Vec2f& d = flow.at<cv::Vec2f>(y, x);
      out[at] = d[0];
      out[plane + at] = d[1];
    }
  }
  return out;
}

}  // namespace stgmamba::media
