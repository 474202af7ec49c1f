// SPDX-License-Identifier: MIT
#include "stgmamba/infer/retrieval.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/util/error.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using infer::BeatMusic;
using infer::MotionLibrary;
using skeleton::Motion;

/// Joint positions count beats: x = `base` + 10 a beat, so that a warped dance tells which beat it is at.
Motion counting(double period, float base, double seconds) {
  Motion motion(static_cast<std::int64_t>(seconds * 10), 10);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      motion.x(f, v) = base + static_cast<float>(10.0 * static_cast<double>(f) / 10 / period);
      motion.y(f, v) = 100;
    }
  }
  return motion;
}

BeatMusic music(double period, int beats, double energy_step = 0.0) {
  BeatMusic result;
  for (int i = 0; i < beats; ++i) {
    result.beats.push_back(period * i);
    result.energy.push_back(energy_step * i);
  }
  return result;
}

TEST(Retrieval, PiecesOfTheNearestTempoAreWarpedOntoTheBeats) {
  MotionLibrary library;
  library.add(counting(0.5, 0, 12), music(0.5, 24));
  library.add(counting(0.9, 1000, 12), music(0.9, 13));
  EXPECT_EQ(library.pieces(), 16U + 5U);
  const BeatMusic song = music(0.55, 16);
  const Motion dance = library.dance(song, 8.8, 3, 0, 1);
  ASSERT_EQ(dance.frames(), 88);
  for (std::int64_t f = 1; f < dance.frames(); ++f) {
    ASSERT_LT(dance.x(f, 0), 500);  // never the slow song
  }
  // One beat of the new song passes in 0.55 s, one of the old dance's too.
  const double step = dance.x(20, 0) - dance.x(10, 0);
  EXPECT_NEAR(step, 10 / 0.55, 0.05);
  EXPECT_GT(library.dance(music(0.95, 16), 8, 3, 0, 1).x(5, 3), 500);
}

TEST(Retrieval, EnergyChoosesWithinATempo) {
  MotionLibrary library;
  library.add(counting(0.5, 0, 12), music(0.5, 24, 1.0));  // grows louder: quiet at the start, loud at the end
  const BeatMusic song = music(0.5, 24, -1.0);             // the other way round
  const Motion dance = library.dance(song, 12, 1, 0, 1);
  EXPECT_GT(dance.x(10, 0), dance.x(110, 0));
}

TEST(Retrieval, DrawsDifferAndRepeat) {
  MotionLibrary library;
  for (int n = 0; n < 6; ++n) {
    library.add(counting(0.5, static_cast<float>(30 * n), 8), music(0.5, 16));
  }
  const BeatMusic song = music(0.5, 16);
  EXPECT_EQ(library.dance(song, 8, 1, 2).xy, library.dance(song, 8, 1, 2).xy);
  EXPECT_NE(library.dance(song, 8, 1, 2).xy, library.dance(song, 8, 1, 3).xy);
  EXPECT_NE(library.dance(song, 8, 1, 2).xy, library.dance(song, 8, 2, 2).xy);
}

TEST(Retrieval, BordersAreCrossFaded) {
  MotionLibrary library;
  for (int n = 0; n < 6; ++n) {
    library.add(counting(0.5, static_cast<float>(300 * n), 8), music(0.5, 16));
  }
  const Motion dance = library.dance(music(0.5, 32), 16, 4);
  double most = 0.0, border = 0.0;
  for (std::int64_t f = 1; f < dance.frames(); ++f) {
    const double step = std::abs(dance.x(f, 0) - dance.x(f - 1, 0));
    most = std::max(most, step);
    border = f >= 38 && f <= 43 ? std::max(border, step) : border;
  }
  EXPECT_GT(border, 3.0);  // another piece begins at 4 s
  EXPECT_LT(most, 450.0);  // in steps of a quarter of the gap, not at once
}

TEST(Retrieval, LoudnessIsMeasuredBeatByBeat) {
  media::Audio audio;
  audio.samples.assign(16000, 0.1F);
  std::fill(audio.samples.begin() + 8000, audio.samples.end(), 0.4F);
  const BeatMusic heard = infer::beat_music(audio, {0.0, 0.5});
  ASSERT_EQ(heard.energy.size(), 2U);
  EXPECT_NEAR(heard.energy[1] - heard.energy[0], std::log(16.0), 1e-4);
}

TEST(Retrieval, NeedsDancesWithBeats) {
  const TempFolder folder;
  data::DatasetWriter writer(folder / "set", {"test", "none", "test", "test"});
  data::Take take;
  take.info.id = take.info.source = "a";
  take.info.style = "kpop";
  take.info.fps = 10;
  take.audio.samples.assign(16000, 0.1F);
  take.motion = counting(0.5, 300, 1);
  writer.add(std::move(take));
  writer.set_split("train", {"a"});
  writer.finish();
  EXPECT_THROW(MotionLibrary::from_dataset(data::Dataset::open(folder / "set")), DataError);
}

}  // namespace
}  // namespace stgmamba::test
