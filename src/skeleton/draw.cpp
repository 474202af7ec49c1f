// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/draw.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "stgmamba/util/check.hpp"

namespace stgmamba::skeleton {
namespace {

/// The reference's colours in its own byte order, which it hands to OpenCV as blue, green, red.
constexpr std::array<std::array<std::uint8_t, 3>, 17> kColours = {{{255, 0, 0},
                                                                   {255, 85, 0},
                                                                   {255, 170, 0},
                                                                   {255, 255, 0},
                                                                   {170, 255, 0},
                                                                   {85, 255, 0},
                                                                   {0, 255, 0},
                                                                   {0, 255, 85},
                                                                   {0, 255, 170},
                                                                   {0, 255, 255},
                                                                   {0, 170, 255},
                                                                   {0, 85, 255},
                                                                   {0, 0, 255},
                                                                   {85, 0, 255},
                                                                   {170, 0, 255},
                                                                   {255, 0, 255},
                                                                   {255, 0, 170}}};

media::Rgb limb_colour(std::size_t limb, bool reference_channels) {
  const auto& c = kColours[limb];
  return reference_channels ? media::Rgb{c[2], c[1], c[0]} : media::Rgb{c[0], c[1], c[2]};
}

bool seen(const Motion& motion, std::int64_t frame, int joint) {
  return !motion.missing(frame, joint) && std::isfinite(motion.x(frame, joint)) &&
         std::isfinite(motion.y(frame, joint));
}

}  // namespace

void draw_skeleton(media::Image& image, const Motion& motion, std::int64_t frame, const DrawStyle& style) {
  STG_CHECK(frame >= 0 && frame < motion.frames() && style.scale > 0, "[draw_skeleton] frame {} of {} at scale {}",
            frame, motion.frames(), style.scale);
  const int radius = std::max(1, static_cast<int>(std::lround(4 * style.scale)));
  const auto& limbs = drawing_limbs();
  for (std::size_t i = 0; i < limbs.size(); ++i) {
    const auto [a, b] = limbs[i];
    if (!seen(motion, frame, a) || !seen(motion, frame, b)) {
      continue;
    }
    // Whole pixels by truncation, as the reference does.
    const auto at = [&](float value) { return static_cast<int>(std::clamp(value * style.scale, -1e5, 1e5)); };
    const int ax = at(motion.x(frame, a));
    const int ay = at(motion.y(frame, a));
    const int bx = at(motion.x(frame, b));
    const int by = at(motion.y(frame, b));
    media::fill_disc(image, ax, ay, radius, {0, 0, 0});
    media::fill_disc(image, bx, by, radius, {0, 0, 0});
    const double dx = ax - bx;
    const double dy = ay - by;
    const int half = static_cast<int>(std::hypot(dx, dy) / 2);
    const int degrees = static_cast<int>(std::atan2(dy, dx) * 180.0 / std::numbers::pi);
    // Halves go to the even pixel, as the reference's rounding does.
    media::fill_ellipse(image, static_cast<int>(std::nearbyint((ax + bx) / 2.0)),
                        static_cast<int>(std::nearbyint((ay + by) / 2.0)), half, radius, degrees,
                        limb_colour(i, style.reference_channels));
  }
}

void draw_skeleton(media::Canvas& canvas, const Motion& motion, std::int64_t frame, const CanvasPlace& place,
                   const FigureStyle& style) {
  STG_CHECK(frame >= 0 && frame < motion.frames() && place.scale > 0, "[draw_skeleton] frame {} of {} at scale {}",
            frame, motion.frames(), place.scale);
  const double half_width = style.half_width * place.scale;
  const auto& limbs = drawing_limbs();
  for (std::size_t i = 0; i < limbs.size(); ++i) {
    const auto [a, b] = limbs[i];
    if (seen(motion, frame, a) && seen(motion, frame, b)) {
      canvas.limb(place.of(motion, frame, a), place.of(motion, frame, b), half_width,
                  {style.color.value_or(limb_colour(i, true)), style.alpha});
    }
  }
  for (int joint = 0; joint < kJoints; ++joint) {
    if (seen(motion, frame, joint)) {
      canvas.disc(place.of(motion, frame, joint), half_width, {style.color.value_or(media::Rgb{0, 0, 0}), style.alpha});
    }
  }
}

media::Image skeleton_image(const Motion& motion, std::int64_t frame, const DrawStyle& style) {
  media::Image image(static_cast<int>(std::lround(kFrameWidth * style.scale)),
                     static_cast<int>(std::lround(kFrameHeight * style.scale)), style.background);
  draw_skeleton(image, motion, frame, style);
  return image;
}

}  // namespace stgmamba::skeleton
