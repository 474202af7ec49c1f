// SPDX-License-Identifier: MIT
// Two songs of known tempo from the Debian package fretsonfire-songs-sectoid, backing track and guitar mixed: beat k
// stands at 60 k / BPM s. What may be expected is what librosa reaches (docs/music.md, bench/beats.py).
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "stgmamba/media/audio.hpp"
#include "stgmamba/metrics/beat_f_measure.hpp"
#include "stgmamba/music/beat.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
const fs::path kSongs = "/usr/share/games/fretsonfire/data/songs/sectoid";

media::Audio mixed(const fs::path& song) {
  media::Audio audio = media::decode_audio(song / "song.ogg");
  const media::Audio guitar = media::decode_audio(song / "guitar.ogg");
  audio.samples.resize(std::max(audio.samples.size(), guitar.samples.size()), 0.0F);
  for (std::size_t i = 0; i < guitar.samples.size(); ++i) {
    audio.samples[i] += guitar.samples[i];
  }
  return audio;
}

double f_measure(const media::Audio& audio, const music::Beats& beats, double bpm) {
  std::vector<double> truth;
  for (int k = 0; k * 60.0 / bpm < audio.seconds(); ++k) {
    truth.push_back(k * 60.0 / bpm);
  }
  return metrics::compare_beats(truth, beats.times).f_measure();
}

TEST(RealSongs, AreHeardAsWellAsLibrosaHearsThem) {
  if (!fs::exists(kSongs)) {
    if (std::getenv("CI") != nullptr) {
      FAIL() << "missing: " << kSongs;
    }
    GTEST_SKIP() << "songs not found; install the Debian package fretsonfire-songs-sectoid";
  }
  const media::Audio feelings = mixed(kSongs / "Feelings"), madness = mixed(kSongs / "Metal madness");
  const music::Beats twice = music::find_beats(feelings), right = music::find_beats(madness);
  EXPECT_NEAR(twice.bpm, 2 * 95.0, 3.0);  // an octave up, as librosa
  EXPECT_NEAR(right.bpm, 150.0, 1.0);
  EXPECT_NEAR(f_measure(feelings, twice, 95), 0.621, 0.02);
  EXPECT_NEAR(f_measure(madness, right, 150), 0.194, 0.02);  // it hears the strong off-beats
}

}  // namespace
}  // namespace stgmamba::test
