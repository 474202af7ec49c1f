// SPDX-License-Identifier: MIT
#include "data/augment.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "stgmamba/util/random.hpp"

namespace stgmamba::data {

using util::Random;

WindowDraws draw_window(const AugmentConfig& config, std::uint64_t seed, std::uint64_t sample) {
  WindowDraws draws;
  if (config.stretch > 0) {
    // Uniform in the logarithm: faster and slower are equally likely.
    const double limit = std::log1p(config.stretch);
    draws.stretch = std::exp(Random(seed, "augment.stretch", sample).uniform(-limit, limit));
  }
  draws.mirror = Random(seed, "augment.mirror", sample).chance(config.mirror);
  if (config.gain_db > 0) {
    draws.gain_db = Random(seed, "augment.gain", sample).uniform(-config.gain_db, config.gain_db);
  }
  if (config.equaliser_db > 0) {
    Random random(seed, "augment.equaliser", sample);
    draws.low_db = random.uniform(-config.equaliser_db, config.equaliser_db);
    draws.high_db = random.uniform(-config.equaliser_db, config.equaliser_db);
    draws.low_hz = 100.0 * std::pow(4.0, random.uniform());    // 100 to 400 Hz
    draws.high_hz = 2000.0 * std::pow(2.5, random.uniform());  // 2 to 5 kHz
  }
  if (config.noise > 0) {
    draws.noise = Random(seed, "augment.noise", sample).uniform(0.0, config.noise);
  }
  return draws;
}

void shelve(std::span<float> samples, double rate, double corner_hz, double gain_db, bool high) {
  const double a = std::pow(10.0, gain_db / 40.0);
  const double w = 2.0 * std::numbers::pi * corner_hz / rate;
  const double c = high ? -std::cos(w) : std::cos(w);  // the high shelf is the low one with the sign of cos turned
  const double s = std::sin(w) / std::numbers::sqrt2 * 2.0 * std::sqrt(a);
  const double sign = high ? -1.0 : 1.0;
  const double b0 = a * ((a + 1) - (a - 1) * c + s), b1 = sign * 2 * a * ((a - 1) - (a + 1) * c);
  const double b2 = a * ((a + 1) - (a - 1) * c - s), a0 = (a + 1) + (a - 1) * c + s;
  const double a1 = sign * -2 * ((a - 1) + (a + 1) * c), a2 = (a + 1) + (a - 1) * c - s;
  double z1 = 0.0, z2 = 0.0;  // transposed direct form 2
  for (float& sample : samples) {
    const double in = sample, out = b0 / a0 * in + z1;
    z1 = b1 / a0 * in - a1 / a0 * out + z2;
    z2 = b2 / a0 * in - a2 / a0 * out;
    sample = static_cast<float>(out);
  }
}

void augment_sound(std::span<float> samples, const WindowDraws& draws, std::uint64_t seed, std::uint64_t sample) {
  constexpr double kRate = kSampleRate;
  if (draws.low_db != 0.0) {
    shelve(samples, kRate, draws.low_hz, draws.low_db, false);
  }
  if (draws.high_db != 0.0) {
    shelve(samples, kRate, draws.high_hz, draws.high_db, true);
  }
  const auto gain = static_cast<float>(std::pow(10.0, draws.gain_db / 20.0));
  // White noise need not be Gaussian; uniform draws are many times cheaper at 16000 a second.
  const auto width = static_cast<float>(draws.noise * std::sqrt(3.0) / 2147483648.0);
  Random random(seed, "augment.noise.samples", sample);
  for (float& value : samples) {
    const float noise = draws.noise > 0 ? width * static_cast<float>(static_cast<std::int32_t>(random.bits())) : 0.0F;
    value = std::clamp(gain * value + noise, -1.0F, 1.0F);
  }
}

}  // namespace stgmamba::data
