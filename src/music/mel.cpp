// SPDX-License-Identifier: MIT
#include "stgmamba/music/mel.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/util/check.hpp"

#include "music/fourier.hpp"

namespace stgmamba::music {
namespace {

constexpr std::int64_t kBlock = 64;  // frames transformed at once: memory stays small and in the cache
constexpr double kFloor = 1e-10;     // power
constexpr double kRange = 80.0;      // dB

// Slaney's scale ("Auditory Toolbox", 1998): 200/3 Hz a mel up to 1 kHz, from there 27 mels to a factor of 6.4.
constexpr double kLinearStep = 200.0 / 3.0, kKnee = 1000.0, kKneeMel = kKnee / kLinearStep;
const double kLogStep = std::log(6.4) / 27.0;

double to_mel(double hz) {
  return hz < kKnee ? hz / kLinearStep : kKneeMel + std::log(hz / kKnee) / kLogStep;
}
double to_hz(double mel) {
  return mel < kKneeMel ? mel * kLinearStep : kKnee * std::exp((mel - kKneeMel) * kLogStep);
}

void require_options(int rate, const MelOptions& options, double high_hz) {
  STG_CHECK(rate > 0, "[mel] sample rate must be positive, got {}", rate);
  STG_CHECK(options.window >= 2 && options.window % 2 == 0, "[mel] window must be even and at least 2, got {}",
            options.window);
  STG_CHECK(options.hop >= 1, "[mel] hop must be at least 1, got {}", options.hop);
  STG_CHECK(options.bands >= 1, "[mel] bands must be at least 1, got {}", options.bands);
  STG_CHECK(options.low_hz >= 0 && options.low_hz < high_hz && high_hz <= rate / 2.0,
            "[mel] bands must lie within 0 and {} Hz, got {} to {} Hz", rate / 2.0, options.low_hz, high_hz);
}

void require_finite(const media::Audio& audio) {
  const auto odd = std::find_if(audio.samples.begin(), audio.samples.end(), [](float x) { return !std::isfinite(x); });
  if (odd != audio.samples.end()) {
    throw DataError("sound: samples must be finite numbers, got {} at {:.3f} s; decode or repair it anew", *odd,
                    static_cast<double>(odd - audio.samples.begin()) / audio.rate);
  }
}

/// Windowed frames first .. first + count - 1, frame i centred on sample i * hop. [count, window]
void cut_frames(const std::vector<float>& samples, std::int64_t first, std::int64_t hop,
                const std::vector<double>& window, std::span<double> rows) {
  const std::int64_t size = std::ssize(window), length = std::ssize(samples);
  for (std::int64_t row = 0; row * size < std::ssize(rows); ++row) {
    const std::int64_t start = (first + row) * hop - size / 2;
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t at = start + i;
      const double sample = at >= 0 && at < length ? samples[static_cast<std::size_t>(at)] : 0.0;
      rows[static_cast<std::size_t>(row * size + i)] = window[static_cast<std::size_t>(i)] * sample;
    }
  }
}

}  // namespace

std::vector<MelBand> mel_bands(int rate, const MelOptions& options) {
  const double high_hz = options.high_hz > 0 ? options.high_hz : rate / 2.0;
  require_options(rate, options, high_hz);
  const double low = to_mel(options.low_hz), step = (to_mel(high_hz) - low) / (options.bands + 1);
  const double bin_hz = static_cast<double>(rate) / options.window;
  std::vector<MelBand> bands;
  for (int band = 0; band < options.bands; ++band) {
    const double left = to_hz(low + band * step), centre = to_hz(low + (band + 1) * step);
    const double right = to_hz(low + (band + 2) * step);
    MelBand triangle;
    for (int bin = 0; bin <= options.window / 2; ++bin) {
      const double hz = bin * bin_hz;
      const double height = std::min((hz - left) / (centre - left), (right - hz) / (right - centre));
      if (height > 0) {
        triangle.first = triangle.weights.empty() ? bin : triangle.first;
        triangle.weights.push_back(height * 2.0 / (right - left));
      }
    }
    bands.push_back(std::move(triangle));
  }
  return bands;
}

Spectrogram mel_power(const media::Audio& audio, const MelOptions& options) {
  const std::vector<MelBand> bands = mel_bands(audio.rate, options);
  require_finite(audio);
  Spectrogram mel;
  mel.bands = options.bands;
  mel.frame_rate = static_cast<double>(audio.rate) / options.hop;
  mel.frames = audio.samples.empty() ? 0 : 1 + std::ssize(audio.samples) / options.hop;
  mel.values.reserve(static_cast<std::size_t>(mel.frames * mel.bands));
  const std::vector<double> window = hann(options.window);
  const auto size = static_cast<std::size_t>(options.window), bins = size / 2 + 1;
  std::vector<double> rows, power;
  for (std::int64_t first = 0; first < mel.frames; first += kBlock) {
    const auto count = static_cast<std::size_t>(std::min(kBlock, mel.frames - first));
    rows.resize(count * size);
    power.resize(count * bins);
    cut_frames(audio.samples, first, options.hop, window, rows);
    power_spectra(rows, options.window, power);
    for (std::size_t row = 0; row < count; ++row) {
      for (const MelBand& band : bands) {
        const double* bin = power.data() + row * bins + band.first;
        double sum = 0.0;
        for (const double weight : band.weights) {
          sum += weight * *bin++;
        }
        mel.values.push_back(static_cast<float>(sum));
      }
    }
  }
  return mel;
}

Spectrogram mel_decibels(const media::Audio& audio, const MelOptions& options) {
  Spectrogram mel = mel_power(audio, options);
  float loudest = -1e30F;
  for (float& value : mel.values) {
    value = static_cast<float>(10.0 * std::log10(std::max(static_cast<double>(value), kFloor)));
    loudest = std::max(loudest, value);
  }
  for (float& value : mel.values) {
    value = std::max(value, loudest - static_cast<float>(kRange));
  }
  return mel;
}

}  // namespace stgmamba::music
