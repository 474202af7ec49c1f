// SPDX-License-Identifier: MIT
// Shaded solids with a fabric on them, pixel by pixel with soft edges.
#pragma once

#include <functional>

#include "stgmamba/synth/puppet.hpp"

namespace stgmamba::synth {

/// Colour of a fabric at `along`, `across` metres on its surface.
media::Rgb fabric_at(const Fabric& fabric, double along, double across);
media::Rgb shade(media::Rgb colour, double light);
media::Rgb mix(media::Rgb a, media::Rgb b, double share_of_b);

/// Lays `colour` over a pixel with opacity 0..1.
void blend(media::Image& picture, int x, int y, media::Rgb colour, double opacity);

/// A limb: a cone with round ends. `paint(along, across)` gives the colour at a place, along in shares of the axis (may
/// leave 0..1 in the ends), across -1..1 over the visible half.
using Paint = std::function<media::Rgb(double along, double across)>;
void draw_limb(media::Image& picture, media::Point from, media::Point to, double from_radius, double to_radius,
               const Paint& paint);

/// An ellipsoid, turned by `angle` (radians, clockwise).
void draw_ball(media::Image& picture, media::Point centre, double radius_x, double radius_y, double angle,
               media::Rgb colour);

}  // namespace stgmamba::synth
