// SPDX-License-Identifier: MIT
#include "data/augment.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

namespace stgmamba::data {
namespace {

/// Gain of a filter at a frequency, in dB, measured on a sine after it has settled.
double gain_at(double hz, double corner, double db, bool high) {
  std::vector<float> samples(16000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<float>(0.25 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000));
  }
  shelve(samples, 16000, corner, db, high);
  double energy = 0.0;
  for (std::size_t i = 8000; i < 16000; ++i) {
    energy += samples[i] * samples[i];
  }
  return 10 * std::log10(energy / 8000 / (0.25 * 0.25 / 2));
}

TEST(Shelve, LiftsOneSideOnly) {
  EXPECT_NEAR(gain_at(20, 300, 6, false), 6.0, 0.2);
  EXPECT_NEAR(gain_at(300, 300, 6, false), 3.0, 0.05);  // half the gain at the corner
  EXPECT_NEAR(gain_at(6000, 300, 6, false), 0.0, 0.05);
  EXPECT_NEAR(gain_at(7500, 2500, -5, true), -5.0, 0.2);
  EXPECT_NEAR(gain_at(2500, 2500, -5, true), -2.5, 0.05);
  EXPECT_NEAR(gain_at(100, 2500, -5, true), 0.0, 0.05);
}

TEST(AugmentSound, NoiseHasItsLevelAndGainItsDecibels) {
  WindowDraws draws;
  draws.noise = 0.01;
  std::vector<float> silence(80000, 0.0F);
  augment_sound(silence, draws, 1, 2);
  double energy = 0.0, mean = 0.0;
  for (const float sample : silence) {
    energy += sample * sample / 80000.0;
    mean += sample / 80000.0;
  }
  EXPECT_NEAR(std::sqrt(energy), 0.01, 0.0002);
  EXPECT_NEAR(mean, 0.0, 0.0002);
  draws = {};
  draws.gain_db = -6;
  std::vector<float> level(10, 0.5F);
  augment_sound(level, draws, 1, 2);
  EXPECT_NEAR(level[5], 0.5 * std::pow(10.0, -0.3), 1e-6);
  draws.gain_db = 20;
  augment_sound(level, draws, 1, 2);
  EXPECT_EQ(level[5], 1.0F);  // clipped
}

TEST(DrawWindow, StaysInRangeAndPartsAreIndependent) {
  AugmentConfig config, other;
  other.gain_db = 0.0;
  int mirrored = 0;
  double slowest = 1.0, fastest = 1.0;
  for (std::uint64_t sample = 0; sample < 2000; ++sample) {
    const WindowDraws draws = draw_window(config, 7, sample);
    slowest = std::min(slowest, draws.stretch);
    fastest = std::max(fastest, draws.stretch);
    EXPECT_LE(std::abs(draws.gain_db), 6.0);
    EXPECT_LE(std::abs(draws.low_db), 6.0);
    EXPECT_LE(std::abs(draws.high_db), 6.0);
    EXPECT_LE(draws.noise, 0.005);
    mirrored += draws.mirror ? 1 : 0;
    const WindowDraws without = draw_window(other, 7, sample);
    EXPECT_EQ(without.gain_db, 0.0);
    EXPECT_EQ(without.stretch, draws.stretch);
    EXPECT_EQ(without.noise, draws.noise);
  }
  EXPECT_NEAR(mirrored, 1000, 100);
  EXPECT_NEAR(slowest, 1 / 1.08, 0.001);
  EXPECT_NEAR(fastest, 1.08, 0.001);
}

}  // namespace
}  // namespace stgmamba::data
