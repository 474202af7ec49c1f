// SPDX-License-Identifier: MIT
// Sound augmentation and the draws of one window.
#pragma once

#include <cstdint>
#include <span>

#include "stgmamba/data/loader.hpp"

namespace stgmamba::data {

/// Everything random about one window but where it starts.
struct WindowDraws {
  double stretch = 1.0;  // seconds of the take per second of the window
  bool mirror = false;
  double gain_db = 0.0;
  double low_db = 0.0, low_hz = 200.0;     // low shelf
  double high_db = 0.0, high_hz = 3000.0;  // high shelf
  double noise = 0.0;                      // rms
};
/// A pure function of (seed, global sample index): each part has its own stream, so that switching one off leaves the
/// others as they were.
WindowDraws draw_window(const AugmentConfig& config, std::uint64_t seed, std::uint64_t sample);

/// Second-order shelving filter in place (audio EQ cookbook of R. Bristow-Johnson, slope 1), state zero at the start.
void shelve(std::span<float> samples, double rate, double corner_hz, double gain_db, bool high);
/// Gain, equaliser and noise in place; clipped to [-1, 1].
void augment_sound(std::span<float> samples, const WindowDraws& draws, std::uint64_t seed, std::uint64_t sample);

}  // namespace stgmamba::data
