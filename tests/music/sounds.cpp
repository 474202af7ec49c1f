// SPDX-License-Identifier: MIT
#include "music/sounds.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>

namespace stgmamba::test {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

class Noise {
 public:
  /// Uniform in [-1, 1).
  double next() {
    state_ = state_ * 1664525U + 1013904223U;
    return state_ / 2147483648.0 - 1.0;
  }

 private:
  std::uint32_t state_ = 12345;
};

}  // namespace

media::Audio silence(int rate, double seconds) {
  media::Audio audio;
  audio.rate = rate;
  audio.samples.assign(static_cast<std::size_t>(seconds * rate), 0.0F);
  return audio;
}

media::Audio clicks(int rate, double seconds, double bpm) {
  media::Audio audio = silence(rate, seconds);
  Noise noise;
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    const double since = t >= 0.5 ? std::fmod(t - 0.5, 60.0 / bpm) : 1e3;
    audio.samples[i] =
        static_cast<float>(0.8 * std::exp(-since / 0.02) * std::sin(kTurn * 1000 * since) + 1e-4 * noise.next());
  }
  return audio;
}

media::Audio band(int rate, double seconds, double bpm) {
  media::Audio audio = silence(rate, seconds);
  Noise noise;
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    const double beat = bpm / 60 * (t + 0.02 * std::sin(0.7 * t));
    const double number = std::floor(beat), phase = beat - number, half = 2 * beat - std::floor(2 * beat);
    const double rustle = noise.next();
    const double drum = std::exp(-12 * phase) * std::sin(kTurn * 60 * t);
    const double snare = std::fmod(number, 2) == 1 ? std::exp(-20 * phase) * rustle : 0.0;
    const double note = 220 * std::exp2(std::fmod(std::floor(2 * beat) * 5, 12) / 12);
    audio.samples[i] =
        static_cast<float>(0.4 * drum + 0.2 * snare + 0.2 * std::exp(-6 * half) * std::sin(kTurn * note * t));
  }
  return audio;
}

}  // namespace stgmamba::test
