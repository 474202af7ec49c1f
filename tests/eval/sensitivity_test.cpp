// SPDX-License-Identifier: MIT
#include "stgmamba/eval/sensitivity.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/eval/generated_rows.hpp"
#include "stgmamba/eval/scaling.hpp"
#include "stgmamba/util/error.hpp"

#include "eval/toy_dancer.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;

/// Click tracks at different tempos, with a body that sways.
data::Dataset write_clicks(const std::filesystem::path& folder, bool beats = true) {
  data::DatasetWriter writer(folder, {"clicks", "none", "test", "test"});
  std::vector<std::string> ids;
  for (int n = 0; n < 5; ++n) {
    data::Take take;
    take.info.id = take.info.source = take.info.song = "click_" + std::to_string(n);
    take.info.style = "kpop";
    take.info.fps = 10;
    take.audio.samples.resize(16000 * 16);
    for (double at = 0.11 + 0.03 * n; at < 15.8; at += 60.0 / (88 + 9 * n)) {
      for (std::size_t i = 0; i < 400; ++i) {
        take.audio.samples[static_cast<std::size_t>(at * 16000) + i] =
            static_cast<float>(0.7 * std::sin(0.4 * static_cast<double>(i)) * std::exp(-0.01 * static_cast<double>(i)));
      }
      if (beats) {
        take.info.beats.push_back(at);
      }
    }
    take.motion = skeleton::Motion(160, 10);
    std::fill(take.motion.score.begin(), take.motion.score.end(), 1.0F);
    for (std::int64_t f = 0; f < 160; ++f) {
      for (int v = 0; v < 18; ++v) {
        take.motion.x(f, v) = static_cast<float>(300 + 9 * v + (10 + v) * std::sin(0.5 * static_cast<double>(f) + n));
        take.motion.y(f, v) = static_cast<float>(80 + 10 * v);
      }
    }
    ids.push_back(take.info.id);
    writer.add(std::move(take));
  }
  writer.set_split("test", ids);
  writer.finish();
  return data::Dataset::open(folder);
}

eval::TestBedOptions untrained() {
  eval::TestBedOptions options;
  options.training = false;
  return options;
}

TEST(Sensitivity, ADancerWhoHearsPassesAndADeafOneFails) {
  const TempFolder folder;
  const eval::TestBed bed(write_clicks(folder / "set"), untrained());
  const eval::SensitivityReport good = eval::music_sensitivity(bed, toy_dancer(true));
  EXPECT_TRUE(good.ok()) << good.text();
  const eval::SensitivityReport bad = eval::music_sensitivity(bed, toy_dancer(false));
  EXPECT_FALSE(bad.ok());
  for (const eval::SensitivityRow& row : bad.rows) {
    if (row.name == "lag, s" || row.name == "tempo and rate, r" || row.name == "change in silence, px" ||
        row.name == "BC* own song") {
      EXPECT_FALSE(row.ok()) << row.name;
    }
  }
  EXPECT_THAT(bad.text(), HasSubstr("does NOT follow the music"));
}

TEST(Sensitivity, NeedsBeats) {
  const TempFolder folder;
  const eval::TestBed bed(write_clicks(folder / "set", false), untrained());
  EXPECT_THAT(error_of([&] { eval::music_sensitivity(bed, toy_dancer(true)); }), HasSubstr("known beats"));
}

TEST(Sensitivity, BeatsMayComeFromATracker) {
  const TempFolder folder;
  eval::TestBedOptions options = untrained();
  options.tracker = [](const media::Audio& audio) { return std::vector<double>{1.0, 2.0, audio.seconds() - 9.5}; };
  const eval::TestBed bed(write_clicks(folder / "set", false), options);
  EXPECT_EQ(bed.yardstick().clips()[0].beats, (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(bed.yardstick().clips()[1].beats, (std::vector<double>{1.5}));
}

TEST(Sensitivity, LagsHaveASign) {
  skeleton::Motion a(50, 10), b(50, 10);
  for (std::int64_t f = 0; f < 50; ++f) {
    for (int v = 0; v < 18; ++v) {
      const double t = static_cast<double>(f) / 10;
      a.x(f, v) = static_cast<float>(50 * std::sin(2.3 * t + v) + 20 * std::sin(5 * t));
      b.x(f, v) = static_cast<float>(50 * std::sin(2.3 * (t - 0.2) + v) + 20 * std::sin(5 * (t - 0.2)));
      a.y(f, v) = b.y(f, v) = 100;
    }
  }
  EXPECT_NEAR(eval::motion_lag({a}, {b}), 0.2, 0.026);
  EXPECT_NEAR(eval::motion_lag({b}, {a}), -0.2, 0.026);
  EXPECT_NEAR(eval::motion_lag({a}, {a}), 0.0, 0.026);
}

TEST(GenerateClips, AreAFunctionOfSeedAndPlace) {
  const TempFolder folder;
  const eval::TestBed bed(write_clicks(folder / "set"), untrained());
  const infer::MotionModel model = toy_dancer(true);
  eval::GenerateOptions options;
  options.draws = 3;
  options.draw_places = 4;
  options.repetitions = 2;
  options.batch = 4;
  const metrics::DanceSet one = eval::generate_clips(bed, model, options);
  options.batch = 7;
  const metrics::DanceSet again = eval::generate_clips(bed, model, options);
  ASSERT_EQ(one.seeds[0].size(), bed.places().size());
  for (std::size_t p = 0; p < bed.places().size(); ++p) {
    EXPECT_EQ(one.seeds[0][p].motion.xy, again.seeds[0][p].motion.xy);
  }
  EXPECT_NE(one.seeds[0][0].motion.xy, one.seeds[0][1].motion.xy);
  ASSERT_EQ(one.draws.size(), 4U);
  ASSERT_EQ(one.draws[0].dances.size(), 3U);
  EXPECT_NE(one.draws[0].dances[0].xy, one.draws[0].dances[1].xy);
  EXPECT_GT(one.seconds, 0.0);
  options.seed = 2;
  EXPECT_NE(one.seeds[0][0].motion.xy, eval::generate_clips(bed, model, options).seeds[0][0].motion.xy);
}

TEST(Scaling, PrintsARowALength) {
  const eval::ScalingReport report =
      eval::measure_scaling(toy_dancer(true).generator, c10::Device(c10::DeviceType::CPU), {50, 500, 2000});
  ASSERT_EQ(report.rows.size(), 3U);
  EXPECT_GT(report.rows[2].seconds, 0.0);
  EXPECT_THAT(report.text(), HasSubstr("time grows as frames^"));
  eval::ScalingReport square;
  square.rows = {{50, 9.0, 0.0}, {500, 0.5, 0.0}, {1000, 2.0, 0.0}, {2000, 8.0, 0.0}};
  EXPECT_NEAR(square.exponent(), 2.0, 1e-9);
}

}  // namespace
}  // namespace stgmamba::test
