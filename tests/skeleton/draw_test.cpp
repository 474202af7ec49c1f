// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/draw.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

using Pixel = std::array<int, 3>;
constexpr Pixel kWhite = {255, 255, 255};
constexpr Pixel kBlack = {0, 0, 0};

Pixel at(const media::Image& image, int x, int y) {
  const std::size_t i = static_cast<std::size_t>(y * image.width + x) * 3;
  return {image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]};
}

Motion joints(std::initializer_list<std::tuple<int, float, float>> points) {
  Motion motion(1, 10.0);
  for (const auto& [joint, x, y] : points) {
    motion.x(0, joint) = x;
    motion.y(0, joint) = y;
    motion.score[static_cast<std::size_t>(joint)] = 1.0F;
  }
  return motion;
}

TEST(Draw, OneLimbPixelByPixel) {
  // Coordinates are cut, not rounded: 100.9 is column 100.
  const auto image = skeleton_image(joints({{kNeck, 100.9F, 80.9F}, {kRightShoulder, 200.2F, 80.2F}}), 0);
  ASSERT_EQ(image.width, 640);
  ASSERT_EQ(image.height, 360);
  const Pixel blue = {0, 0, 255};  // (255, 0, 0) as OpenCV's blue, green, red
  EXPECT_EQ(at(image, 150, 80), blue);
  EXPECT_EQ(at(image, 150, 76), blue);
  EXPECT_EQ(at(image, 150, 84), blue);  // half thickness 4
  EXPECT_EQ(at(image, 150, 75), kWhite);
  EXPECT_EQ(at(image, 150, 85), kWhite);
  EXPECT_EQ(at(image, 100, 80), blue);  // the limb covers the discs' middle
  EXPECT_EQ(at(image, 200, 80), blue);
  for (const int x : {100, 200}) {
    EXPECT_EQ(at(image, x, 84), kBlack);  // discs of radius 4
    EXPECT_EQ(at(image, x, 76), kBlack);
    EXPECT_EQ(at(image, x, 85), kWhite);
  }
  EXPECT_EQ(at(image, 96, 80), kBlack);
  EXPECT_EQ(at(image, 95, 80), kWhite);
  EXPECT_EQ(at(image, 204, 80), kBlack);
  EXPECT_EQ(at(image, 205, 80), kWhite);
}

TEST(Draw, EveryLimbHasItsColour) {
  const Pixel bgr[17] = {{255, 0, 0}, {255, 85, 0}, {255, 170, 0}, {255, 255, 0}, {170, 255, 0}, {85, 255, 0},
                         {0, 255, 0}, {0, 255, 85}, {0, 255, 170}, {0, 255, 255}, {0, 170, 255}, {0, 85, 255},
                         {0, 0, 255}, {85, 0, 255}, {170, 0, 255}, {255, 0, 255}, {255, 0, 170}};
  for (std::size_t i = 0; i < 17; ++i) {
    const auto [a, b] = drawing_limbs()[i];
    const Motion motion = joints({{a, 300.0F, 100.0F}, {b, 300.0F, 200.0F}});
    EXPECT_EQ(at(skeleton_image(motion, 0), 300, 150), (Pixel{bgr[i][2], bgr[i][1], bgr[i][0]})) << i;
    DrawStyle swapped;
    swapped.reference_channels = false;
    EXPECT_EQ(at(skeleton_image(motion, 0, swapped), 300, 150), bgr[i]) << i;
  }
}

TEST(Draw, LaterLimbsCoverEarlierOnes) {
  // Right upper arm (limb 2) and right thigh (limb 7) cross at (300, 150).
  const auto image = skeleton_image(
      joints({{kRightShoulder, 250, 150}, {kRightElbow, 350, 150}, {kRightHip, 300, 100}, {kRightKnee, 300, 200}}), 0);
  EXPECT_EQ(at(image, 300, 150), (Pixel{85, 255, 0}));
  EXPECT_EQ(at(image, 270, 150), (Pixel{0, 170, 255}));
}

TEST(Draw, MissingJointsAreSkipped) {
  Motion motion = joints({{kNeck, 300, 100}, {kRightShoulder, 260, 100}, {kRightElbow, 240, 150}});
  motion.score[kRightShoulder] = 0.0F;
  const auto blank = skeleton_image(motion, 0);
  EXPECT_EQ(blank.pixels, media::Image(640, 360, {255, 255, 255}).pixels);
  motion.score[kRightShoulder] = 1.0F;
  motion.y(0, kRightShoulder) = std::nanf("");  // a score cannot vouch for what is no number
  EXPECT_EQ(skeleton_image(motion, 0).pixels, blank.pixels);
}

TEST(Draw, ScaleBackgroundAndFarOutside) {
  DrawStyle style;
  style.scale = 2.0;
  style.background = {10, 20, 30};
  const auto image = skeleton_image(joints({{kNeck, 100, 80}, {kRightShoulder, 200, 80}}), 0, style);
  ASSERT_EQ(image.width, 1280);
  EXPECT_EQ(at(image, 300, 160), (Pixel{0, 0, 255}));
  EXPECT_EQ(at(image, 300, 168), (Pixel{0, 0, 255}));
  EXPECT_EQ(at(image, 300, 169), (Pixel{10, 20, 30}));
  const auto outside = skeleton_image(joints({{kNeck, -1e30F, 80}, {kRightShoulder, 1e30F, 80}}), 0);
  EXPECT_EQ(outside.width, 640);
  EXPECT_EQ(test::exit_code_of([] { skeleton_image(Motion(2, 10.0), 2); }), 1);
}

/// The same limbs on a canvas: in the reference's colours or one, where the placement says, missing joints left out.
TEST(Draw, OnACanvasALimbHasItsColourAndPlace) {
  Motion motion(1, 10.0);
  const auto set = [&](int joint, float x, float y) {
    motion.x(0, joint) = x;
    motion.y(0, joint) = y;
    motion.score[static_cast<std::size_t>(joint)] = 1.0F;
  };
  set(kNeck, 100, 50);
  set(kRightShoulder, 60, 50);
  set(kRightElbow, 60, 90);
  const auto pixel = [&](const CanvasPlace& place, const FigureStyle& style, int x, int y) {
    media::Canvas canvas(200, 150);
    draw_skeleton(canvas, motion, 0, place, style);
    const media::Image image = canvas.render();
    const std::uint8_t* p = &image.pixels[static_cast<std::size_t>((y * 200 + x) * 3)];
    return std::array<int, 3>{p[0], p[1], p[2]};
  };
  EXPECT_EQ(pixel({}, {}, 80, 50), (std::array<int, 3>{0, 0, 255}));  // neck to right shoulder: pure blue
  EXPECT_EQ(pixel({20, 30, 0.5}, {}, 60, 55), (std::array<int, 3>{0, 0, 255}));
  EXPECT_EQ(pixel({}, {}, 60, 50), (std::array<int, 3>{0, 0, 0}));  // joints are black
  EXPECT_EQ(pixel({}, {.color = media::Rgb{9, 8, 7}}, 80, 50), (std::array<int, 3>{9, 8, 7}));
  EXPECT_EQ(pixel({}, {}, 80, 58), (std::array<int, 3>{255, 255, 255}));
  motion.score[kRightShoulder] = 0.0F;
  EXPECT_EQ(pixel({}, {}, 80, 50), (std::array<int, 3>{255, 255, 255}));
}

}  // namespace
}  // namespace stgmamba::skeleton
