// SPDX-License-Identifier: MIT
#include "infer/warp.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace stgmamba::infer {
namespace {

constexpr double kFlat = 1e-6;   // px^2: a triangle without area
constexpr double kEdge = -1e-6;  // barycentric slack, so that shared edges leave no gap

/// Bilinear, nothing beyond the texture's border; fixed-point weights of 1/256.
cv::Vec4b sample(const cv::Mat& rgba, double x, double y) {
  const auto fixed_x = static_cast<int>(std::floor(x * 256.0)), fixed_y = static_cast<int>(std::floor(y * 256.0));
  const int left = fixed_x >> 8, top = fixed_y >> 8;
  if (left < 0 || top < 0 || left + 1 >= rgba.cols || top + 1 >= rgba.rows) {
    return {};
  }
  const int u = fixed_x & 255, v = fixed_y & 255;
  const auto* upper = rgba.ptr<cv::Vec4b>(top) + left;
  const auto* lower = rgba.ptr<cv::Vec4b>(top + 1) + left;
  cv::Vec4b out;
  for (int c = 0; c < 4; ++c) {
    const int a = upper[0][c] * (256 - u) + upper[1][c] * u;
    const int b = lower[0][c] * (256 - u) + lower[1][c] * u;
    out[c] = static_cast<std::uint8_t>((a * (256 - v) + b * v + (1 << 15)) >> 16);
  }
  return out;
}

/// Rows and columns of the layer that hold something.
struct Dirty {
  int left, top, right, bottom;  // inclusive
  void add(int x0, int y0, int x1, int y1) {
    left = std::min(left, x0);
    top = std::min(top, y0);
    right = std::max(right, x1);
    bottom = std::max(bottom, y1);
  }
};

struct Triangle {
  std::array<cv::Point2d, 3> from, to;
};

void draw_triangle(cv::Mat& layer, const Texture& texture, const Triangle& triangle, Dirty& dirty) {
  const auto& [a, b, c] = triangle.to;
  const double area = (b - a).cross(c - a);
  if (!(std::abs(area) > kFlat)) {
    return;
  }
  const auto low = [](double p, double q, double r) { return std::ceil(std::min({p, q, r}) - 1e-9); };
  const auto high = [](double p, double q, double r) { return std::floor(std::max({p, q, r}) + 1e-9); };
  const int x0 = static_cast<int>(std::clamp(low(a.x, b.x, c.x), 0.0, static_cast<double>(layer.cols)));
  const int y0 = static_cast<int>(std::clamp(low(a.y, b.y, c.y), 0.0, static_cast<double>(layer.rows)));
  const int x1 = static_cast<int>(std::clamp(high(a.x, b.x, c.x), -1.0, layer.cols - 1.0));
  const int y1 = static_cast<int>(std::clamp(high(a.y, b.y, c.y), -1.0, layer.rows - 1.0));
  if (x0 > x1 || y0 > y1) {
    return;
  }
  dirty.add(x0, y0, x1, y1);
  const cv::Point2d shift(texture.origin);
  const cv::Point2d from_a = triangle.from[0] - shift, along_b = triangle.from[1] - triangle.from[0],
                    along_c = triangle.from[2] - triangle.from[0];
  for (int y = y0; y <= y1; ++y) {
    auto* row = layer.ptr<cv::Vec4b>(y);
    for (int x = x0; x <= x1; ++x) {
      const cv::Point2d p = cv::Point2d(x, y) - a;
      const double v = p.cross(c - a) / area, w = (b - a).cross(p) / area;
      if (v < kEdge || w < kEdge || v + w > 1.0 - kEdge) {
        continue;
      }
      const cv::Vec4b value =
          sample(texture.rgba, from_a.x + v * along_b.x + w * along_c.x, from_a.y + v * along_b.y + w * along_c.y);
      if (value[3] > row[x][3]) {
        row[x] = value;
      }
    }
  }
}

/// Over the canvas, and the layer is empty again.
void compose(cv::Mat& canvas, cv::Mat& layer, const Dirty& dirty) {
  for (int y = dirty.top; y <= dirty.bottom; ++y) {
    auto* over = layer.ptr<cv::Vec4b>(y);
    auto* under = canvas.ptr<cv::Vec3b>(y);
    for (int x = dirty.left; x <= dirty.right; ++x) {
      const int alpha = over[x][3];
      if (alpha != 0) {
        for (int c = 0; c < 3; ++c) {
          under[x][c] = static_cast<std::uint8_t>((over[x][c] * alpha + under[x][c] * (255 - alpha) + 127) / 255);
        }
        over[x] = {};
      }
    }
  }
}

}  // namespace

void draw_warped(cv::Mat& canvas, cv::Mat& layer, const Texture& texture, const Net& net) {
  if (texture.rgba.empty()) {
    return;
  }
  Dirty dirty{layer.cols, layer.rows, -1, -1};
  for (int row = 0; row + 1 < net.rows; ++row) {
    for (int column = 0; column + 1 < net.columns; ++column) {
      const auto i = static_cast<std::size_t>(row * net.columns + column);
      const auto below = i + static_cast<std::size_t>(net.columns);
      for (const auto& corners : {std::array{i, i + 1, below}, std::array{i + 1, below + 1, below}}) {
        Triangle triangle;
        for (std::size_t k = 0; k < 3; ++k) {
          triangle.from[k] = net.from[corners[k]];
          triangle.to[k] = net.to[corners[k]];
        }
        draw_triangle(layer, texture, triangle, dirty);
      }
    }
  }
  compose(canvas, layer, dirty);
}

}  // namespace stgmamba::infer
