// SPDX-License-Identifier: MIT
// Made-up dances that rest at known moments, laid onto the beats of a song; and real salsa.
#include "data/song_warp.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/random.hpp"

#include "data/motion_beats.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

namespace fs = std::filesystem;
using skeleton::Motion;
using test::error_of;
using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;

/// Where a dancer is who rests at every moment of `rests` and swings to the other side between: 0 or 1 at rest.
double swing(const std::vector<double>& rests, double seconds) {
  if (seconds < rests.front() || seconds > rests.back()) {
    return seconds < rests.front() ? 0.0 : static_cast<double>((rests.size() - 1) % 2);
  }
  const auto next = std::upper_bound(rests.begin() + 1, rests.end() - 1, seconds);
  const double share = (seconds - *(next - 1)) / (*next - *(next - 1));
  const double smooth = share * share * (3 - 2 * share);
  return (next - rests.begin()) % 2 == 1 ? smooth : 1 - smooth;
}

Motion dance(const std::vector<double>& rests, double fps) {
  Motion motion(static_cast<std::int64_t>((rests.back() + 0.3) * fps), fps);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (int v = 0; v < skeleton::kJoints; ++v) {
      motion.x(f, v) = static_cast<float>(300 + (10 + 5 * v) * swing(rests, static_cast<double>(f) / fps));
      motion.y(f, v) = static_cast<float>(100 + 7 * v);
    }
  }
  return motion;
}

/// Moments some 0.7 s apart, each gap up to `unevenness` longer or shorter.
std::vector<double> moments(int count, double unevenness) {
  util::Random random(5, "moments", 0, 0);
  std::vector<double> times = {0.4};
  while (std::ssize(times) < count) {
    times.push_back(times.back() + 0.7 * (1 + unevenness * random.uniform(-1.0, 1.0)));
  }
  return times;
}

std::vector<double> grid(double first, double period, int count) {
  std::vector<double> beats;
  for (int k = 0; k < count; ++k) {
    beats.push_back(first + k * period);
  }
  return beats;
}

/// Every one of `expected` is found, and nothing else, but for the ends.
void expect_found(const std::vector<double>& expected, const std::vector<double>& found) {
  for (std::size_t k = 1; k + 1 < expected.size(); ++k) {
    const auto near =
        std::count_if(found.begin(), found.end(), [&](double beat) { return std::abs(beat - expected[k]) < 0.04; });
    EXPECT_EQ(near, 1) << "at " << expected[k];
  }
  EXPECT_LE(std::abs(std::ssize(found) - std::ssize(expected)), 2);
}

TEST(SteadyBeats, AreTheMomentsOfRest) {
  const std::vector<double> rests = moments(30, 0.15);
  expect_found(rests, steady_beats(dance(rests, 30.0), 85.0));
  expect_found(rests, steady_beats(dance(rests, 24.0), 80.0));  // "near" the tempo
}

TEST(SteadyBeats, JointsThatVanishAreNoRest) {
  const std::vector<double> rests = moments(30, 0.1);
  Motion motion = dance(rests, 30.0);
  for (std::int64_t f = 0; f < motion.frames(); f += 3) {
    for (const int joint : {3, 7, 9, 16}) {
      motion.x(f, joint) = motion.y(f, joint) = std::nanf("");
      motion.score[static_cast<std::size_t>(f * skeleton::kJoints + joint)] = 0.0F;
    }
  }
  expect_found(rests, steady_beats(motion, 85.0));
}

TEST(SteadyBeats, AStatueHasNone) {
  Motion statue = dance(moments(10, 0.0), 30.0);
  std::fill(statue.xy.begin(), statue.xy.end(), 100.0F);
  EXPECT_TRUE(steady_beats(statue, 85.0).empty());
}

TEST(DancedBeats, AreStatedOrTracked) {
  media::Audio clicks;  // at 120 beats a minute
  clicks.samples.resize(16000 * 20);
  for (std::size_t i = 0; i < clicks.samples.size(); ++i) {
    const double since = static_cast<double>(i % 8000) / 16000.0;
    clicks.samples[i] = static_cast<float>(0.8 * std::exp(-40.0 * since) * std::sin(6283.0 * since));
  }
  WarpOptions warp;
  warp.song_bpm = 150;
  warp.first_beat = 0.25;
  warp.every = 3;
  const std::vector<double> stated = danced_beats(clicks, warp);
  ASSERT_EQ(stated.size(), 17U);
  EXPECT_NEAR(stated[16], 0.25 + 48 * 0.4, 1e-9);
  EXPECT_NEAR(tempo_of(stated), 50.0, 1e-9);
  WarpOptions tracked;
  tracked.every = 2;
  EXPECT_NEAR(tempo_of(danced_beats(clicks, tracked)), 60.0, 1.0);
}

TEST(WarpTake, TheRestsFallOnTheSongsBeats) {
  const std::vector<double> rests = moments(30, 0.15), danced = grid(7.0, 60.0 / 85, 40);
  const Motion motion = dance(rests, 30.0);
  const WarpedTake take = warp_take(motion, rests, danced, 1.35);
  EXPECT_EQ(take.refused, 0);
  ASSERT_EQ(take.pieces.size(), 1U);
  EXPECT_EQ(take.pieces[0].beats, std::vector<double>(danced.begin(), danced.begin() + 30));
  EXPECT_DOUBLE_EQ(take.pieces[0].taken, rests[0]);
  const Motion& warped = take.pieces[0].motion;
  for (std::int64_t k = 0; k < 29; ++k) {
    const auto frame = std::llround(static_cast<double>(k) * 60.0 / 85 * 30.0);
    EXPECT_NEAR(warped.x(frame, 6), k % 2 == 0 ? 300.0 : 340.0, 1.0);
  }
  EXPECT_GT(take.warped.bc(), 0.9);
  EXPECT_GT(take.warped.bc_star(), take.even.bc_star() + 0.2);
}

TEST(WarpTake, WhatWouldRaceOrCrawlIsCutOut) {
  std::vector<double> rests = grid(0.5, 0.7, 31);
  for (std::size_t k = 12; k < rests.size(); ++k) {
    rests[k] += 0.3;  // gap 11: 1.0 s in place of 0.7
  }
  for (std::size_t k = 16; k < rests.size(); ++k) {
    rests[k] -= 0.3;  // gap 15: 0.4 s
  }
  const std::vector<double> danced = grid(2.0, 0.7, 31);
  const WarpedTake take = warp_take(dance(rests, 30.0), rests, danced, 1.35);
  EXPECT_EQ(take.refused, 2);
  EXPECT_EQ(take.too_short, 1);  // beats 12 to 15
  ASSERT_EQ(take.pieces.size(), 2U);
  EXPECT_EQ(take.pieces[0].beats.back(), danced[11]);
  EXPECT_EQ(take.pieces[1].beats.front(), danced[16]);  // the song does not stop meanwhile
  EXPECT_DOUBLE_EQ(take.pieces[1].taken, rests[16]);
  EXPECT_EQ(warp_take(dance(rests, 30.0), rests, danced, 2.0).pieces.size(), 1U);
  EXPECT_TRUE(warp_take(dance(rests, 30.0), {}, danced, 1.35).pieces.empty());
}

class WarpedSalsa : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_ / "songs");
    media::Audio sound;
    sound.samples.assign(16000 * 60, 0.1F);
    for (std::size_t i = 0; i < sound.samples.size(); ++i) {
      sound.samples[i] = static_cast<float>(i % 16000) / 32000.0F;  // tells the place within a second
    }
    media::write_wav(song_, sound);
    options_.out = folder_ / "set";
    joints_.songs = {song_};
    joints_.warp.on = true;
    joints_.warp.song_bpm = 170;
    joints_.warp.first_beat = 0.0;
  }
  TempFolder folder_;
  fs::path song_ = folder_ / "songs/song.wav";
  ImportOptions options_;
  Joints3dOptions joints_;
};

TEST_F(WarpedSalsa, KeepsTheBeatThatItIsLaidOn) {
  STG_REQUIRE_TESTDATA(data);
  const fs::path takes = data / "motion/cmu_salsa";
  options_.card.origin = "CMU";
  const ImportReport report = import_joints3d({takes / "60_03.json", takes / "61_03.json"}, "kpop", joints_, options_);
  EXPECT_THAT(report.notes, testing::Contains(HasSubstr("gaps between beats left out, beyond a rate of 1.35")));
  EXPECT_THAT(report.notes, testing::Contains(HasSubstr("at one pace")));
  const std::string card = util::read_text(options_.out / "card.yaml");
  EXPECT_THAT(card, HasSubstr("CMU - the music was paired with the motion afterwards"));
  EXPECT_THAT(card, HasSubstr("pairing and warp are the importer's"));
  const Dataset dataset = Dataset::open(options_.out);
  metrics::BeatScore score;
  double seconds = 0.0;
  for (const TakeInfo& info : dataset.takes()) {
    EXPECT_EQ(info.source, "take_03");
    EXPECT_GE(info.seconds, kShortestPiece - 0.1);
    EXPECT_EQ(info.beats.front(), 0.0);
    for (std::size_t k = 1; k < info.beats.size(); ++k) {
      EXPECT_NEAR(info.beats[k] - info.beats[k - 1], 60.0 / 85, 1e-6);
    }
    const Take take = dataset.load(info);
    score += metrics::beat_consistency(skeleton::resample(take.motion, kFps), info.beats);
    seconds += info.seconds;
    // The sound begins on one of the song's beats.
    const double place = static_cast<double>(take.audio.samples[0]) * 2.0;
    double nearest = 1.0;
    for (int k = 0; k < 85; ++k) {
      nearest = std::min(nearest, std::abs(std::fmod(k * 60.0 / 85, 1.0) - place));
    }
    EXPECT_LT(nearest, 2e-3);
  }
  EXPECT_GT(seconds, 45.0);  // of 61
  EXPECT_GT(score.bc_star(), 0.25);
}

TEST_F(WarpedSalsa, SaysWhatCannotBe) {
  STG_REQUIRE_TESTDATA(data);
  const std::vector<fs::path> takes = {data / "motion/cmu_salsa/60_03.json"};
  const auto import = [&] { import_joints3d(takes, "kpop", joints_, options_); };
  joints_.song_start = 50.0;  // 10 s remain, and it goes back to 50
  EXPECT_THAT(error_of(import), HasSubstr("songs/song.wav has fewer than"));
  joints_.songs.clear();
  options_.allow_silent = true;
  EXPECT_THAT(error_of(import), HasSubstr("--warp beats needs songs"));
  joints_.songs = {song_};
  joints_.warp.song_bpm = 0;
  EXPECT_THAT(error_of(import), HasSubstr("--first-beat needs the songs' tempo, --bpm"));
  joints_.warp.song_bpm = 170;
  joints_.warp.max_rate = 1.0;
  EXPECT_THAT(error_of(import), HasSubstr("--max-rate"));
}

}  // namespace
}  // namespace stgmamba::data
