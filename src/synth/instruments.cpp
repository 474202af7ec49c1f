// SPDX-License-Identifier: MIT
#include "instruments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "stgmamba/synth/song.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::synth {

namespace {

constexpr double kTau = 2.0 * std::numbers::pi;
constexpr double kFade = 0.006;  // s, end of every note, against clicks

constexpr std::array<Kit, kKits> kKitTable = {{
    {48, 0.16, 0.5, 185, 0.8, 0.11, 0.030, 0.5},
    {54, 0.12, 0.7, 210, 0.9, 0.08, 0.022, 0.7},
    {44, 0.22, 0.3, 165, 0.7, 0.15, 0.040, 0.3},
    {58, 0.14, 0.6, 230, 0.6, 0.10, 0.026, 0.6},
    {50, 0.18, 0.8, 195, 1.0, 0.13, 0.034, 0.4},
    {46, 0.13, 0.4, 175, 0.9, 0.09, 0.020, 0.8},
    {52, 0.20, 0.6, 220, 0.75, 0.12, 0.045, 0.35},
    {60, 0.15, 0.45, 205, 0.85, 0.07, 0.028, 0.65},
}};

double saw(double phase) {
  return 2.0 * (phase - std::floor(phase)) - 1.0;
}

/// Rises over `attack`, then decays with time constant `decay`.
double struck(double t, double attack, double decay) {
  return t < attack ? t / attack : std::exp(-(t - attack) / decay);
}

/// Rises over `attack`, holds, falls over `release` before the end.
double held(double t, double seconds, double attack, double release) {
  return std::min({1.0, t / attack, std::max(0.0, (seconds - t) / release)});
}

/// One-pole low-pass with state outside, so that lambdas may own it.
struct LowPass {
  double state = 0.0;
  double operator()(double input, double cutoff) {
    state += (1.0 - std::exp(-kTau * cutoff / kRate)) * (input - state);
    return state;
  }
};

}  // namespace

const Kit& kit_of(int index) {
  STG_CHECK(index >= 0 && index < kKits, "[kit_of] kit must be 0 to {}, got {}", kKits - 1, index);
  return kKitTable[static_cast<std::size_t>(index)];
}

Mixer::Mixer(double seconds, std::uint64_t seed)
    : buffer_(static_cast<std::size_t>(std::llround(seconds * kRate)), 0.0F), random_(seed, "synth/mixer") {}

template <typename Sample>
void Mixer::add(double at, double seconds, const Sample& sample) {
  const auto first = static_cast<std::int64_t>(std::llround(at * kRate));
  const auto count = static_cast<std::int64_t>(seconds * kRate);
  for (std::int64_t i = 0; i < count; ++i) {
    const double t = static_cast<double>(i) / kRate;
    const double fade = std::min(1.0, (seconds - t) / kFade);
    const double value = fade * sample(t);  // evaluated outside the buffer too: samplers keep state
    if (first + i >= 0 && first + i < std::ssize(buffer_)) {
      buffer_[static_cast<std::size_t>(first + i)] += static_cast<float>(value);
    }
  }
}

void Mixer::kick(double at, double gain, const Kit& kit) {
  double phase = 0.0;
  add(at, kit.kick_decay * 4, [&, gain](double t) {
    phase += kit.kick_pitch * (1.0 + 3.5 * std::exp(-t / 0.022)) / kRate;
    const double click = t < 0.004 ? kit.kick_click * random_.uniform(-1, 1) : 0.0;
    return gain * (std::sin(kTau * phase) * struck(t, 0.001, kit.kick_decay) + click);
  });
}

void Mixer::snare(double at, double gain, const Kit& kit) {
  LowPass low;
  add(at, kit.snare_decay * 4, [&, gain](double t) {
    const double white = random_.uniform(-1, 1);
    const double noise = white - low(white, 900);
    const double tone = std::sin(kTau * kit.snare_pitch * t) * std::exp(-t / 0.05);
    return gain * (kit.snare_noise * noise + 0.5 * tone) * struck(t, 0.001, kit.snare_decay);
  });
}

void Mixer::clap(double at, double gain, const Kit& kit) {
  LowPass low, high;
  add(at, 0.22, [&, gain](double t) {
    const double white = random_.uniform(-1, 1);
    const double band = low(white, 2600) - high(white, 700);
    const double burst = t < 0.03 ? std::exp(-std::fmod(t, 0.01) / 0.004) : std::exp(-(t - 0.03) / kit.snare_decay);
    return 1.8 * gain * band * burst;
  });
}

void Mixer::hat(double at, double gain, const Kit& kit, bool open) {
  LowPass low;
  const double decay = open ? 0.12 : kit.hat_decay;
  add(at, decay * 4, [&, gain](double t) {
    const double white = random_.uniform(-1, 1);
    const double metal = std::sin(kTau * 5230 * t) * std::sin(kTau * 6870 * t);
    return gain * ((white - low(white, 5000)) + kit.hat_tone * metal) * struck(t, 0.0005, decay);
  });
}

void Mixer::bass(double at, double seconds, double pitch, double gain, double brightness) {
  LowPass low;
  add(at, seconds, [&, gain](double t) {
    const double cutoff = 120 + brightness * 1400 * std::exp(-t / 0.12);
    const double wave = 0.6 * saw(pitch * t) + 0.6 * std::sin(kTau * pitch * t);
    return gain * low(wave, cutoff) * held(t, seconds, 0.004, 0.03);
  });
}

void Mixer::stab(double at, double seconds, const std::vector<double>& chord, double gain) {
  for (const double pitch : chord) {
    LowPass low;
    add(at, seconds, [&, gain](double t) {
      const double wave = saw(pitch * t) + saw(pitch * 1.007 * t + 0.3);
      return 0.35 * gain * low(wave, 600 + 3000 * std::exp(-t / 0.09)) * struck(t, 0.003, seconds * 0.5);
    });
  }
}

void Mixer::pad(double at, double seconds, const std::vector<double>& chord, double gain, double attack) {
  for (const double pitch : chord) {
    LowPass low;
    add(at, seconds, [&, gain](double t) {
      const double wave = saw(pitch * 0.997 * t) + saw(pitch * 1.004 * t + 0.4);
      return 0.2 * gain * low(wave, 1100) * held(t, seconds, attack, 0.12);
    });
  }
}

void Mixer::lead(double at, double seconds, double pitch, double gain) {
  LowPass low;
  double phase = 0.0;
  add(at, seconds, [&, gain](double t) {
    phase += pitch * (1.0 + 0.006 * std::sin(kTau * 5.5 * t) * std::min(1.0, t / 0.2)) / kRate;
    const double wave = std::tanh(3.0 * std::sin(kTau * phase)) + 0.3 * saw(2 * phase);
    return 0.5 * gain * low(wave, 3200) * held(t, seconds, 0.008, 0.05) * (0.6 + 0.4 * std::exp(-t / 0.15));
  });
}

void Mixer::piano(double at, double seconds, double pitch, double gain, double hardness) {
  // Partials a little sharp and faster to decay the higher they are; a short knock of the hammer.
  constexpr int kPartials = 7;
  const double decay = std::clamp(1.6 * std::sqrt(220.0 / pitch), 0.35, 2.0);
  LowPass low;
  add(at, seconds, [&, gain](double t) {
    double sum = 0.0;
    for (int n = 1; n <= kPartials && n * pitch < 7000; ++n) {
      const double partial = n * pitch * (1.0 + 0.0004 * n * n);
      sum += std::pow(hardness, n - 1) * std::sin(kTau * partial * t) * std::exp(-t * n / (decay * 1.5));
    }
    const double knock = t < 0.02 ? 0.9 * low(random_.uniform(-1, 1), 2500) * std::exp(-t / 0.005) : 0.0;
    return gain * (sum + knock) * std::min(1.0, t / 0.002) * std::exp(-t / decay);
  });
}

void Mixer::strings(double at, double seconds, double pitch, double gain) {
  LowPass low;
  double phase = 0.0;
  add(at, seconds, [&, gain](double t) {
    phase += pitch * (1.0 + 0.005 * std::sin(kTau * 5.2 * t) * std::min(1.0, t / 0.4)) / kRate;
    return 0.5 * gain * low(saw(phase) + saw(1.003 * phase + 0.5), 2400) * held(t, seconds, 0.09, 0.12);
  });
}

void Mixer::riser(double at, double seconds, double gain) {
  LowPass low, high;
  add(at, seconds, [&, gain](double t) {
    const double share = t / seconds, white = random_.uniform(-1, 1);
    return gain * share * share * (low(white, 1000 + 5000 * share) - high(white, 400 + 2000 * share));
  });
}

void Mixer::click(double at, double pitch, double gain) {
  add(at, 0.06, [=](double t) { return gain * std::sin(kTau * pitch * t) * struck(t, 0.0005, 0.012); });
}

void Mixer::automate(const std::vector<double>& times, const std::vector<double>& gains) {
  STG_CHECK(!times.empty() && times.size() == gains.size(), "[Mixer] {} times but {} gains", times.size(),
            gains.size());
  std::size_t next = 0;
  double gain = gains[0];
  const double step = 1.0 - std::exp(-1.0 / (0.01 * kRate));
  for (std::size_t i = 0; i < buffer_.size(); ++i) {
    while (next + 1 < times.size() && static_cast<double>(i) / kRate >= times[next + 1] - 0.01) {
      ++next;
    }
    gain += step * (gains[next] - gain);
    buffer_[i] *= static_cast<float>(gain);
  }
}

std::vector<float> Mixer::finish(double peak) {
  float top = 1e-6F;
  for (float& value : buffer_) {
    value = std::tanh(0.8F * value);
    top = std::max(top, std::abs(value));
  }
  for (float& value : buffer_) {
    value *= static_cast<float>(peak) / top;
  }
  return std::move(buffer_);
}

}  // namespace stgmamba::synth
