// SPDX-License-Identifier: MIT
#include "stgmamba/media/flow.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/util/random.hpp"

namespace stgmamba::media {
namespace {

constexpr int kWidth = 120, kHeight = 96;

/// A smooth random texture, moved by (dx, dy).
Image texture(double dx, double dy) {
  util::Random random(3, "texture");
  std::vector<std::array<double, 4>> waves;
  for (int i = 0; i < 40; ++i) {
    waves.push_back({random.uniform(-0.6, 0.6), random.uniform(-0.6, 0.6), random.uniform(0, 6.28), 8.0});
  }
  Image image(kWidth, kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      double value = 128;
      for (const auto& [u, v, phase, size] : waves) {
        value += size * std::sin(u * (x - dx) + v * (y - dy) + phase);
      }
      const auto byte = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
      const auto at = static_cast<std::size_t>((y * kWidth + x) * 3);
      image.pixels[at] = image.pixels[at + 1] = image.pixels[at + 2] = byte;
    }
  }
  return image;
}

TEST(Flow, AShiftIsFoundToATenthOfAPixelAndPointsBack) {
  const std::vector<float> flow = optical_flow(texture(5, -3), texture(0, 0));
  ASSERT_EQ(flow.size(), std::size_t{2 * kWidth * kHeight});
  double error = 0;
  int count = 0;
  for (int y = 12; y < kHeight - 12; ++y) {
    for (int x = 12; x < kWidth - 12; ++x, ++count) {
      const auto at = static_cast<std::size_t>(y * kWidth + x);
      error += std::hypot(flow[at] + 5.0, flow[at + kWidth * kHeight] - 3.0);  // where it was: 5 to the left, 3 below
    }
  }
  EXPECT_LT(error / count, 0.1);
}

}  // namespace
}  // namespace stgmamba::media
