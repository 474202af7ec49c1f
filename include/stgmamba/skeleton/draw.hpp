// SPDX-License-Identifier: MIT
// Drawing a skeleton: the reference's routine (mdvs-and-metrics A8), scaled to any frame size. `kDrawVersion` is stored
// wherever drawn poses condition a network, and a mismatch is refused.
#pragma once

#include <optional>

#include "stgmamba/media/canvas.hpp"
#include "stgmamba/media/image.hpp"
#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::skeleton {

inline constexpr int kDrawVersion = 1;

struct DrawStyle {
  media::Rgb background{255, 255, 255};
  double scale = 1.0;  // output pixels per reference pixel; line widths scale with it
  // The reference's colour triples reach OpenCV as blue, green, red: with true the picture shows what the reference's
  // files show (neck to right shoulder pure blue, nose to neck pure red); with false the triples are read as red,
  // green, blue, as most other OpenPose drawings are (neck to right shoulder pure red).
  bool reference_channels = true;
};

/// Draws one frame over `image`, skipping limbs with a missing joint.
void draw_skeleton(media::Image& image, const Motion& motion, std::int64_t frame, const DrawStyle& style = {});
/// One frame on a fresh canvas of 640x360 times style.scale.
media::Image skeleton_image(const Motion& motion, std::int64_t frame, const DrawStyle& style = {});

/// Where a skeleton lies on a canvas: canvas = (left, top) + scale * reference pixel.
struct CanvasPlace {
  double left = 0.0, top = 0.0, scale = 1.0;
  media::Point of(const Motion& motion, std::int64_t frame, int joint) const {
    return {left + scale * motion.x(frame, joint), top + scale * motion.y(frame, joint)};
  }
};

struct FigureStyle {
  std::optional<media::Rgb> color;  // of every limb and joint; none: the reference's colours, as DrawStyle shows them
  double alpha = 1.0;
  double half_width = 4.0;  // of a limb, reference pixels
};

/// The same limbs for figures on paper: smooth, at sub-pixel places, pixels or vectors as the canvas is saved.
void draw_skeleton(media::Canvas& canvas, const Motion& motion, std::int64_t frame, const CanvasPlace& place,
                   const FigureStyle& style = {});

}  // namespace stgmamba::skeleton
