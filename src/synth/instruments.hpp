// SPDX-License-Identifier: MIT
// Simple synthesis at 16 kHz: every instrument adds one note to a buffer. Times in seconds, pitches in Hz.
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/util/random.hpp"

namespace stgmamba::synth {

inline constexpr int kRate = 16000;

/// One drum kit: what tells one producer's drums from another's.
struct Kit {
  double kick_pitch, kick_decay, kick_click;
  double snare_pitch, snare_noise, snare_decay;
  double hat_decay, hat_tone;
};
const Kit& kit_of(int index);  // 0..kKits-1

class Mixer {
 public:
  Mixer(double seconds, std::uint64_t seed);

  void kick(double at, double gain, const Kit& kit);
  void snare(double at, double gain, const Kit& kit);
  void clap(double at, double gain, const Kit& kit);
  void hat(double at, double gain, const Kit& kit, bool open = false);
  void bass(double at, double seconds, double pitch, double gain, double brightness);
  void stab(double at, double seconds, const std::vector<double>& chord, double gain);  // short saw chord
  void pad(double at, double seconds, const std::vector<double>& chord, double gain, double attack);
  void lead(double at, double seconds, double pitch, double gain);                    // square, vibrato
  void piano(double at, double seconds, double pitch, double gain, double hardness);  // struck string
  void strings(double at, double seconds, double pitch, double gain);                 // bowed, slow attack
  void riser(double at, double seconds, double gain);                                 // noise that swells
  void click(double at, double pitch, double gain);

  /// Gain over time, applied to what was mixed so far: value[i] from times[i] on, 10 ms fades.
  void automate(const std::vector<double>& times, const std::vector<double>& gains);
  /// Peak brought to `peak` through a soft limiter; the mixer is empty afterwards.
  std::vector<float> finish(double peak);

 private:
  template <typename Sample>
  void add(double at, double seconds, const Sample& sample);  // sample(t) for t in [0, seconds)
  std::vector<float> buffer_;
  util::Random random_;
};

}  // namespace stgmamba::synth
