// SPDX-License-Identifier: MIT
#include "brush.hpp"

#include <algorithm>
#include <cmath>

namespace stgmamba::synth {
namespace {

constexpr double kAmbient = 0.62, kDirect = 0.5;  // light from the upper left, in front
constexpr double kLightX = -0.45, kLightY = -0.55, kLightZ = 0.70;

/// Light on a surface whose normal leans by (nx, ny) in the picture.
double light_on(double nx, double ny) {
  const double nz = std::sqrt(std::max(0.0, 1.0 - nx * nx - ny * ny));
  return kAmbient + kDirect * std::max(0.0, nx * kLightX + ny * kLightY + nz * kLightZ);
}

bool odd(double x) {
  return (static_cast<long long>(std::floor(x)) & 1) != 0;
}

struct Box {
  int left, top, right, bottom;
};
Box box_of(const media::Image& picture, double left, double top, double right, double bottom) {
  return {static_cast<int>(std::clamp(std::floor(left) - 1, 0.0, static_cast<double>(picture.width))),
          static_cast<int>(std::clamp(std::floor(top) - 1, 0.0, static_cast<double>(picture.height))),
          static_cast<int>(std::clamp(std::ceil(right) + 1, -1.0, picture.width - 1.0)),
          static_cast<int>(std::clamp(std::ceil(bottom) + 1, -1.0, picture.height - 1.0))};
}

}  // namespace

media::Rgb mix(media::Rgb a, media::Rgb b, double share) {
  const auto one = [share](int p, int q) { return static_cast<std::uint8_t>(std::lround(p + share * (q - p))); };
  return {one(a.r, b.r), one(a.g, b.g), one(a.b, b.b)};
}

media::Rgb shade(media::Rgb colour, double light) {
  const auto one = [light](int c) { return static_cast<std::uint8_t>(std::clamp(std::lround(c * light), 0L, 255L)); };
  return {one(colour.r), one(colour.g), one(colour.b)};
}

media::Rgb fabric_at(const Fabric& fabric, double along, double across) {
  const double u = along / fabric.period, v = across / fabric.period;
  switch (fabric.pattern) {
    case Pattern::kPlain:
      return fabric.base;
    case Pattern::kStripes:
      return odd(2 * v) ? fabric.second : fabric.base;
    case Pattern::kHoops:
      return odd(2 * u) ? fabric.second : fabric.base;
    case Pattern::kChecks:
      return odd(u) != odd(v) ? fabric.second : fabric.base;
    case Pattern::kDots:
      return std::hypot(u - std::floor(u) - 0.5, v - std::floor(v) - 0.5) < 0.28 ? fabric.second : fabric.base;
  }
  return fabric.base;
}

void blend(media::Image& picture, int x, int y, media::Rgb colour, double opacity) {
  if (x < 0 || y < 0 || x >= picture.width || y >= picture.height || opacity <= 0.0) {
    return;
  }
  std::uint8_t* p = &picture.pixels[static_cast<std::size_t>((y * picture.width + x) * 3)];
  const media::Rgb out = mix({p[0], p[1], p[2]}, colour, std::min(1.0, opacity));
  p[0] = out.r;
  p[1] = out.g;
  p[2] = out.b;
}

void draw_limb(media::Image& picture, media::Point from, media::Point to, double from_radius, double to_radius,
               const Paint& paint) {
  const double most = std::max(from_radius, to_radius);
  const Box box = box_of(picture, std::min(from.x, to.x) - most, std::min(from.y, to.y) - most,
                         std::max(from.x, to.x) + most, std::max(from.y, to.y) + most);
  const double dx = to.x - from.x, dy = to.y - from.y;
  const double length = std::max(1e-3, std::hypot(dx, dy));
  for (int y = box.top; y <= box.bottom; ++y) {
    for (int x = box.left; x <= box.right; ++x) {
      const double px = x - from.x, py = y - from.y;
      const double along = (px * dx + py * dy) / (length * length);
      const double t = std::clamp(along, 0.0, 1.0);
      const double ox = px - t * dx, oy = py - t * dy;
      const double radius = from_radius + t * (to_radius - from_radius);
      const double cover = radius - std::hypot(ox, oy) + 0.5;
      if (cover <= 0.0) {
        continue;
      }
      const double nx = ox / std::max(radius, 0.5), ny = oy / std::max(radius, 0.5);
      const double across = std::clamp((-dy * px + dx * py) / (length * std::max(radius, 0.5)), -1.0, 1.0);
      blend(picture, x, y, shade(paint(along, across), light_on(std::clamp(nx, -1.0, 1.0), std::clamp(ny, -1.0, 1.0))),
            cover);
    }
  }
}

void draw_ball(media::Image& picture, media::Point centre, double radius_x, double radius_y, double angle,
               media::Rgb colour) {
  const double most = std::max(radius_x, radius_y);
  const Box box = box_of(picture, centre.x - most, centre.y - most, centre.x + most, centre.y + most);
  const double c = std::cos(angle), s = std::sin(angle);
  for (int y = box.top; y <= box.bottom; ++y) {
    for (int x = box.left; x <= box.right; ++x) {
      const double u = (c * (x - centre.x) + s * (y - centre.y)) / radius_x;
      const double v = (-s * (x - centre.x) + c * (y - centre.y)) / radius_y;
      const double r = std::hypot(u, v);
      const double cover = (1.0 - r) * std::min(radius_x, radius_y) + 0.5;
      if (cover > 0.0) {
        const double nx = std::clamp(c * u - s * v, -1.0, 1.0), ny = std::clamp(s * u + c * v, -1.0, 1.0);
        blend(picture, x, y, shade(colour, light_on(nx, ny)), cover);
      }
    }
  }
}

}  // namespace stgmamba::synth
