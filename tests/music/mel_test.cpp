// SPDX-License-Identifier: MIT
#include "stgmamba/music/mel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "music/fourier.hpp"
#include "music/sounds.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;

media::Audio tone(int rate, double seconds, double hz) {
  media::Audio audio = silence(rate, seconds);
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    audio.samples[i] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  }
  return audio;
}

TEST(Fourier, PowerIsThatOfTheDefinition) {
  constexpr std::int64_t kRows = 3, kSize = 10, kBins = 6;
  std::vector<double> rows(kRows * kSize), power(kRows * kBins);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = std::sin(1.3 * static_cast<double>(i * i));
  }
  const std::vector<double> kept = rows;
  music::power_spectra(rows, kSize, power);
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (std::int64_t bin = 0; bin < kBins; ++bin) {
      double re = 0.0, im = 0.0;
      for (std::int64_t i = 0; i < kSize; ++i) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(bin * i) / kSize;
        re += kept[static_cast<std::size_t>(row * kSize + i)] * std::cos(angle);
        im += kept[static_cast<std::size_t>(row * kSize + i)] * std::sin(angle);
      }
      EXPECT_NEAR(power[static_cast<std::size_t>(row * kBins + bin)], re * re + im * im, 1e-12);
    }
  }
}

TEST(Fourier, AutocorrelationIsThatOfTheDefinition) {
  const std::vector<double> row = {1, -2, 0.5, 3, 0, 0, 0, 0};  // zeros behind: circular is linear
  std::vector<double> scratch = row, power(5);
  music::power_spectra(scratch, 8, power);
  const std::vector<double> lags = music::autocorrelation(power, 8, 4);
  for (std::size_t lag = 0; lag < 4; ++lag) {
    double sum = 0.0;
    for (std::size_t i = 0; i + lag < 4; ++i) {
      sum += row[i] * row[i + lag];
    }
    EXPECT_NEAR(lags[lag], sum, 1e-12);
  }
}

TEST(Mel, BandsAreSlaneys) {
  music::MelOptions options{.window = 4096, .hop = 256, .bands = 40};
  const std::vector<music::MelBand> bands = music::mel_bands(16000, options);
  ASSERT_EQ(bands.size(), 40U);
  for (const music::MelBand& band : bands) {  // area 1, but for the sampling of narrow triangles
    EXPECT_NEAR(std::accumulate(band.weights.begin(), band.weights.end(), 0.0) * 16000 / 4096, 1.0, 0.02);
  }
  // 45.245 mels to 8 kHz: below 1 kHz the centres stand 1.10353 mels = 73.569 Hz apart.
  const auto centre = [&](std::size_t band) {
    const auto& weights = bands[band].weights;
    const auto top = std::max_element(weights.begin(), weights.end()) - weights.begin();
    return static_cast<double>(bands[band].first + top) * 16000 / 4096;
  };
  EXPECT_NEAR(centre(0), 73.569, 4);
  EXPECT_NEAR(centre(9), 735.69, 4);
  EXPECT_NEAR(centre(39) / centre(38), std::exp(1.10353 * std::log(6.4) / 27), 2e-3);
}

TEST(Mel, AToneStandsInItsBandAndLoudnessIsInDecibels) {
  const music::Spectrogram mel = music::mel_power(tone(16000, 1.1, 440.0), {.window = 1024, .hop = 200, .bands = 64});
  EXPECT_EQ(mel.frames, 1 + 17600 / 200);
  EXPECT_EQ(mel.bands, 64);
  EXPECT_DOUBLE_EQ(mel.frame_rate, 80.0);
  const auto row = mel.values.begin() + 40 * mel.bands;
  const auto band = std::max_element(row, row + mel.bands) - row;
  EXPECT_NEAR(static_cast<double>(band + 1) * 45.245 / 65 * 200 / 3, 440.0, 50.0);
  const music::Spectrogram decibels =
      music::mel_decibels(tone(16000, 1.1, 440.0), {.window = 1024, .hop = 200, .bands = 64});
  const auto at = static_cast<std::size_t>(40 * mel.bands + band);
  EXPECT_NEAR(decibels.values[at], 10 * std::log10(mel.values[at]), 1e-4);
  const auto [least, most] = std::minmax_element(decibels.values.begin(), decibels.values.end());
  EXPECT_FLOAT_EQ(*most - *least, 80.0F);
}

TEST(Mel, SoundsShorterThanAWindowAndNoSoundAtAll) {
  EXPECT_EQ(music::mel_power(tone(16000, 0.001, 440.0)).frames, 1);
  EXPECT_EQ(music::mel_power(silence(16000, 0.0)).frames, 0);
  EXPECT_TRUE(music::mel_decibels(silence(16000, 0.0)).values.empty());
}

TEST(Mel, RefusesWhatIsNoSoundAndWhatIsNoBand) {
  media::Audio audio = silence(16000, 1.0);
  audio.samples[8000] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { music::mel_power(audio); }), HasSubstr("got nan at 0.500 s"));
  EXPECT_EQ(exit_code_of([&] { music::mel_power(audio); }), 4);
  audio.samples[8000] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exit_code_of([&] { music::mel_power(audio); }), 4);
  EXPECT_THAT(error_of([&] { music::mel_bands(16000, {.high_hz = 9000}); }), HasSubstr("0 to 9000 Hz"));
  EXPECT_THAT(error_of([&] { music::mel_bands(16000, {.window = 1023}); }), HasSubstr("even"));
  EXPECT_THAT(error_of([&] { music::mel_bands(16000, {.hop = 0}); }), HasSubstr("hop"));
}

}  // namespace
}  // namespace stgmamba::test
