// SPDX-License-Identifier: MIT
// A photo for tests: somebody of known colours and joints in front of a striped wall.
#pragma once

#include <cmath>
#include <vector>

#include "stgmamba/infer/photo_pose.hpp"
#include "stgmamba/media/image.hpp"

namespace stgmamba::test {

inline constexpr int kPaintedWidth = 322, kPaintedHeight = 400;
inline constexpr media::Rgb kShirt{200, 30, 40}, kTrousers{30, 40, 120}, kSkin{224, 180, 150};

/// Right and left are the person's own: the right shoulder is on the picture's left.
inline infer::PhotoPose painted_pose() {
  constexpr double kAt[18][2] = {{161, 78},  {161, 110}, {129, 112}, {111, 165}, {96, 215},  {193, 112},
                                 {211, 165}, {226, 215}, {143, 205}, {139, 280}, {136, 350}, {179, 205},
                                 {183, 280}, {186, 350}, {155, 72},  {167, 72},  {147, 76},  {175, 76}};
  infer::PhotoPose pose;
  for (std::size_t v = 0; v < 18; ++v) {
    pose.at[v] = {kAt[v][0], kAt[v][1]};
    pose.score[v] = 1.0F;
  }
  return pose;
}

inline void paint_bone(media::Image& image, media::Point a, media::Point b, double radius, media::Rgb colour) {
  const double length = std::max(1e-9, std::hypot(b.x - a.x, b.y - a.y));
  const double nx = -(b.y - a.y) / length * radius, ny = (b.x - a.x) / length * radius;
  media::fill_polygon(image, {{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}},
                      colour);
  media::fill_circle(image, a, radius, colour);
  media::fill_circle(image, b, radius, colour);
}

inline media::Image painted_wall() {
  media::Image image(kPaintedWidth, kPaintedHeight, {170, 175, 180});
  for (int y = 0; y < kPaintedHeight; y += 40) {
    media::draw_line(image, {0.0, y + 0.0}, {kPaintedWidth - 1.0, y + 0.0}, {140, 150, 150}, 3);
  }
  return image;
}

inline media::Image painted_photo() {
  media::Image image = painted_wall();
  const infer::PhotoPose p = painted_pose();
  for (const int hip : {8, 11}) {
    paint_bone(image, p[hip], p[hip + 1], 14.0, kTrousers);
    paint_bone(image, p[hip + 1], p[hip + 2], 11.0, kTrousers);
    paint_bone(image, p[hip + 2], {p[hip + 2].x, p[hip + 2].y + 12}, 10.0, {20, 20, 20});
  }
  media::fill_polygon(image, {{129, 104}, {193, 104}, {190, 214}, {132, 214}}, kShirt);
  for (const int shoulder : {2, 5}) {
    paint_bone(image, p[shoulder], p[shoulder + 1], 10.0, {40, 150, 60});
    paint_bone(image, p[shoulder + 1], p[shoulder + 2], 8.0, kSkin);
  }
  paint_bone(image, p[1], {161, 90}, 9.0, kSkin);
  paint_bone(image, {161, 80}, {161, 68}, 17.0, kSkin);
  paint_bone(image, {150, 58}, {172, 58}, 9.0, {60, 35, 20});
  return image;
}

/// Pixels within `tolerance` of a colour in each channel.
inline int count_colour(const media::Image& image, media::Rgb colour, int tolerance = 30) {
  int count = 0;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    count += std::abs(image.pixels[i] - colour.r) < tolerance && std::abs(image.pixels[i + 1] - colour.g) < tolerance &&
             std::abs(image.pixels[i + 2] - colour.b) < tolerance;
  }
  return count;
}

inline double mean_difference(const media::Image& a, const media::Image& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    sum += std::abs(a.pixels[i] - b.pixels[i]);
  }
  return sum / static_cast<double>(a.pixels.size());
}

inline media::Rgb colour_at(const media::Image& image, double x, double y) {
  const auto i = static_cast<std::size_t>((std::lround(y) * image.width + std::lround(x)) * 3);
  return {image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]};
}

}  // namespace stgmamba::test
