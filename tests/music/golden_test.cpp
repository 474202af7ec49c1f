// SPDX-License-Identifier: MIT
// Spectrogram, onset strength, tempo and beats against librosa (tests/golden/make_music_golden.py).
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/io/npz.hpp"
#include "stgmamba/music/beat.hpp"

#include "music/sounds.hpp"

namespace stgmamba::test {
namespace {

struct Case {
  const char* name;
  media::Audio audio;
  music::BeatOptions options;
};

Case click_case(const char* name, double bpm) {
  Case made{name, clicks(16000, 21.3, bpm), {}};
  made.options.onset.aggregate = music::OnsetOptions::Aggregate::kMean;
  return made;
}

Case own_case() {
  return {"band_own", band(16000, 16.3, 96), {}};
}

Case quiet_case() {
  Case made{"quiet_start", band(16000, 15.2, 118), {}};
  std::transform(made.audio.samples.begin(), made.audio.samples.begin() + 6 * 16000, made.audio.samples.begin(),
                 [](float sample) { return 1e-3F * sample; });
  made.options.onset.aggregate = music::OnsetOptions::Aggregate::kMean;
  return made;
}

Case default_case() {
  Case made{"band_default", band(22050, 19.7, 104), {}};
  made.options.onset.mel.window = 2048;
  made.options.onset.mel.hop = 512;
  return made;
}

Case odd_case() {
  Case made{"band_odd", band(11025, 14.1, 133), {}};
  made.options.onset.mel = {.window = 512, .hop = 160, .bands = 40, .low_hz = 60.0, .high_hz = 5000.0};
  made.options.onset.lag = 2;
  made.options.onset.aggregate = music::OnsetOptions::Aggregate::kMean;
  made.options.tempo.usual_bpm = 90.0;
  made.options.tightness = 40.0;
  return made;
}

class MusicGolden : public ::testing::TestWithParam<Case (*)()> {
 protected:
  MusicGolden() : arrays_(io::read_npz(STG_SOURCE_DIR "/tests/golden/music.npz")), case_(GetParam()()) {}
  template <typename T>
  std::vector<T> golden(const std::string& key) const {
    const auto values = arrays_.at(std::string(case_.name) + "." + key).as<T>();
    return {values.begin(), values.end()};
  }
  std::map<std::string, io::Array> arrays_;
  Case case_;
};

TEST_P(MusicGolden, Spectrogram) {
  const music::Spectrogram mel = music::mel_decibels(case_.audio, case_.options.onset.mel);
  const std::vector<float> expected = golden<float>("decibels");
  const std::int64_t step = 97;
  ASSERT_EQ(std::ssize(expected), (mel.frames + step - 1) / step * mel.bands);
  for (std::int64_t i = 0; i < std::ssize(expected); ++i) {
    const std::int64_t frame = i / mel.bands * step, band = i % mel.bands;
    // librosa transforms in float32: what is far below the frame's loudest bins is a little off there.
    ASSERT_NEAR(mel.values[static_cast<std::size_t>(frame * mel.bands + band)], expected[static_cast<std::size_t>(i)],
                2e-3)
        << "frame " << frame << ", band " << band;
  }
}

TEST_P(MusicGolden, OnsetStrength) {
  const music::OnsetEnvelope onsets = music::onset_strength(case_.audio, case_.options.onset);
  const std::vector<float> expected = golden<float>("envelope");
  ASSERT_EQ(onsets.strength.size(), expected.size());
  const double loudest = *std::max_element(expected.begin(), expected.end());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(onsets.strength[i], expected[i], 1e-4 * loudest) << "frame " << i;
  }
}

TEST_P(MusicGolden, TempoAndBeats) {
  for (const bool trim : {true, false}) {
    case_.options.trim = trim;
    const music::Beats beats = music::find_beats(case_.audio, case_.options);
    const std::vector<double> expected = golden<double>(trim ? "beats" : "untrimmed");
    EXPECT_NEAR(beats.bpm, golden<double>("bpm").front(), 1e-9);
    ASSERT_EQ(beats.times.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(beats.times[i], expected[i], 1e-9) << "beat " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Librosa, MusicGolden,
                         ::testing::Values(
                             +[] { return click_case("clicks_90", 90); }, +[] { return click_case("clicks_120", 120); },
                             +[] { return click_case("clicks_150", 150); }, &own_case, &quiet_case, &default_case,
                             &odd_case),
                         [](const auto& made) { return std::string(made.param().name); });

}  // namespace
}  // namespace stgmamba::test
