// SPDX-License-Identifier: MIT
// Every column on sets of dances whose scores are known.
#include "stgmamba/metrics/columns.hpp"

#include <cmath>
#include <memory>
#include <numbers>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using metrics::Clip;
using metrics::DanceSet;
using metrics::Statistic;
using metrics::Weights;
using metrics::Yardstick;
using skeleton::Motion;
using ::testing::HasSubstr;

constexpr std::size_t kSongs = 6, kClips = 4;  // of each

/// Strokes between random key poses, one a beat, as a real dancer who hears the music.
Motion dance(double period, double offset, std::uint64_t seed) {
  Motion motion = metrics::still_motion(std::vector<float>(36, 150.0F), 50, 10);
  for (std::int64_t frame = 0; frame < 50; ++frame) {
    const double position = (static_cast<double>(frame) / 10 - offset) / period + 20;
    const auto beat = static_cast<std::uint64_t>(std::floor(position));
    const double u = position - std::floor(position), ease = u * u * (3 - 2 * u);
    util::Random from(seed, "pose", beat), to(seed, "pose", beat + 1);
    for (std::size_t i = 0; i < 36; ++i) {
      const double a = 40 * from.normal(), b = 40 * to.normal();
      motion.xy[static_cast<std::size_t>(frame) * 36 + i] += static_cast<float>(a + ease * (b - a));
    }
  }
  return motion;
}

DanceSet real_set() {
  DanceSet set;
  set.seeds.resize(1);
  for (std::size_t song = 0; song < kSongs; ++song) {
    for (std::size_t n = 0; n < kClips; ++n) {
      const double period = 0.45 + 0.03 * static_cast<double>(song), offset = 0.07 * static_cast<double>(n);
      Clip clip{dance(period, offset, song * 10 + n), {}, song, set.seeds[0].size()};
      for (double at = offset; at < 5.0; at += period) {
        clip.beats.push_back(at);
      }
      set.seeds[0].push_back(std::move(clip));
    }
    set.draws.push_back({song, {set.seeds[0].end()[-1].motion, set.seeds[0].end()[-2].motion}});
  }
  return set;
}

template <typename Change>
DanceSet changed(const DanceSet& from, const Change& change) {
  DanceSet set = from;
  for (Clip& clip : set.seeds[0]) {
    change(clip);
  }
  return set;
}

class Columns : public ::testing::Test {
 protected:
  Columns() : yardstick_(kSongs, real_set(), training()) {}

  static std::vector<Motion> training() {
    std::vector<Motion> motions;
    for (std::uint64_t i = 0; i < 5; ++i) {
      motions.push_back(dance(0.5, 0.0, 500 + i));
    }
    return motions;
  }

  double score(const std::string& name, const DanceSet& set) const {
    const auto column = metrics::pick_columns({name}, yardstick_.prominence()).front();
    return column.measure(yardstick_, set)(Weights::all(kSongs, set.seed_count()));
  }

  DanceSet statue(double tremor) const {
    return changed(yardstick_.real(), [&](Clip& clip) {
      clip.motion = metrics::still_motion(yardstick_.mean_pose(), 50, 10);
      util::Random random(8, "tremor", clip.real);
      for (float& value : clip.motion.xy) {
        value += static_cast<float>(tremor * random.normal());
      }
    });
  }

  Yardstick yardstick_;
};

TEST_F(Columns, RealDancesAreAtTheEndOfEveryScale) {
  const DanceSet& real = yardstick_.real();
  for (const char* zero : {"pfd", "pfd_share", "pfd_abs", "vfd", "fid_k2d"}) {
    EXPECT_NEAR(score(zero, real), 0.0, 1e-5) << zero;
  }
  EXPECT_EQ(score("l1_share", real), 0.0);
  EXPECT_DOUBLE_EQ(score("speed_ratio", real), 1.0);
  EXPECT_DOUBLE_EQ(score("jerk_ratio", real), 1.0);
  EXPECT_GT(score("bc", real), 0.7);
  EXPECT_GT(score("bc_star", real), 0.5);
  EXPECT_GT(score("hit_star", real), 0.5);
  EXPECT_LT(score("mmd", real), 0.0);  // unbiased, and the two sets share every window
}

TEST_F(Columns, ATremblingStatueIsSeenThrough) {
  const DanceSet trembling = statue(0.2);
  EXPECT_GT(score("bc", trembling), 0.35);
  EXPECT_LT(std::abs(score("bc_star", trembling)), 0.1);  // 24 clips
  EXPECT_EQ(score("coverage_p", trembling), 0.0);         // no minimum is prominent
  EXPECT_EQ(score("bc_p", trembling), 0.0);
  EXPECT_NEAR(score("pfd_share", trembling), 1.0, 0.1);
  EXPECT_LT(score("speed_ratio", trembling), 0.05);
  EXPECT_EQ(score("slow_share", trembling), 1.0);
  EXPECT_LT(score("pvar", trembling), 0.01 * score("pvar", yardstick_.real()));
  EXPECT_GT(score("mmd", trembling), 0.03);
  EXPECT_NEAR(score("pfd_share", statue(0)), 1.0, 1e-6);
}

TEST_F(Columns, AnotherSongChangesOnlyWhatHearsTheMusic) {
  const DanceSet& real = yardstick_.real();
  const DanceSet other = changed(real, [](Clip& clip) {
    for (double& beat : clip.beats) {
      beat = beat * 1.21 + 0.2;
    }
  });
  for (const metrics::Column& column : metrics::make_columns(yardstick_.prominence())) {
    const double own = score(column.card.name, real), swapped = score(column.card.name, other);
    if (!column.card.hears_music) {
      EXPECT_TRUE(own == swapped || (std::isnan(own) && std::isnan(swapped))) << column.card.name;
    } else if (column.card.name.find("star") != std::string::npos) {
      EXPECT_LT(swapped, own - 0.2) << column.card.name;
    }
  }
}

TEST_F(Columns, CopiesOfTrainingDancesAreFound) {
  const std::vector<Motion> training = yardstick_.training();
  const DanceSet copies =
      changed(yardstick_.real(), [&](Clip& clip) { clip.motion = training[clip.real % training.size()]; });
  EXPECT_NEAR(score("nearest", copies), 0.0, 1e-6);
  EXPECT_GT(score("nearest", yardstick_.real()), 5.0);
}

TEST_F(Columns, VarietyNeedsDifferentDancesToOneSong) {
  EXPECT_GT(score("pvar_mm", yardstick_.real()), 0.001);
  EXPECT_DOUBLE_EQ(score("pvar_mm_share", yardstick_.real()), 1.0);
  DanceSet nearer = yardstick_.real();
  for (metrics::Draws& draws : nearer.draws) {  // half as far apart: a quarter of the variance
    for (std::size_t i = 0; i < draws.dances[1].xy.size(); ++i) {
      draws.dances[1].xy[i] = 0.5F * (draws.dances[0].xy[i] + draws.dances[1].xy[i]);
    }
    draws.dances.resize(2);
  }
  EXPECT_NEAR(score("pvar_mm_share", nearer), 0.25, 1e-3);
  DanceSet same = yardstick_.real();
  for (metrics::Draws& draws : same.draws) {
    draws.dances[1] = draws.dances[0];
  }
  EXPECT_EQ(score("pvar_mm", same), 0.0);
  EXPECT_EQ(score("pvar_mm_share", same), 0.0);
  same.draws.clear();
  EXPECT_TRUE(std::isnan(score("pvar_mm", same)));
}

TEST_F(Columns, WindowedDistancesNeedManyWindowsAndTimeIsGiven) {
  EXPECT_TRUE(std::isnan(score("pfd_window", yardstick_.real())));  // 120 windows for 360 dimensions
  EXPECT_TRUE(std::isnan(score("time", yardstick_.real())));
  DanceSet timed = yardstick_.real();
  timed.seconds = 0.25;
  EXPECT_EQ(score("time", timed), 0.25);
}

TEST_F(Columns, SeedsAreAveragedAndWeighted) {
  DanceSet two = yardstick_.real();
  two.seeds.push_back(statue(0).seeds[0]);
  const auto column = metrics::pick_columns({"slow_share"}, 0.0).front();
  const Statistic statistic = column.measure(yardstick_, two);
  const double real = score("slow_share", yardstick_.real());
  EXPECT_NEAR(statistic(Weights::all(kSongs, 2)), (1.0 + real) / 2, 1e-12);
  EXPECT_NEAR(statistic({std::vector<double>(kSongs, 1.0), {0, 2}}), 1.0, 1e-12);
}

TEST_F(Columns, DistancesDoNotShrinkWithTheNumberOfSeeds) {
  DanceSet twice = changed(yardstick_.real(), [](Clip& clip) { clip.motion = dance(0.5, 0.1, 900 + clip.real); });
  const DanceSet once = twice;
  twice.seeds.push_back(twice.seeds[0]);
  for (const char* name : {"pfd", "vfd", "pfd_share", "fid_k2d", "mmd", "pvar", "div_k2d"}) {
    EXPECT_NEAR(score(name, twice), score(name, once), 1e-9 * std::abs(score(name, once))) << name;
  }
}

TEST_F(Columns, MedianRatiosFollowTheSongsThatCount) {
  DanceSet fast = changed(yardstick_.real(), [](Clip& clip) {
    if (clip.song == 2) {
      for (float& value : clip.motion.xy) {
        value = 150 + 3 * (value - 150);
      }
    }
  });
  const auto column = metrics::pick_columns({"speed_ratio"}, 0.0).front();
  const Statistic statistic = column.measure(yardstick_, fast);
  std::vector<double> alone(kSongs, 0.0);
  alone[2] = 2.0;
  EXPECT_NEAR(statistic({alone, {1.0}}), 3.0, 1e-4);
  alone[2] = 0.0;
  alone[4] = 1.0;
  EXPECT_NEAR(statistic({alone, {1.0}}), 1.0, 1e-12);
}

TEST(ColumnNames, AreUniqueAndUnknownOnesAreCorrected) {
  const std::vector<std::string> names = metrics::column_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_THAT(error_of([] { metrics::pick_columns({"bc_sta"}, 0.0); }), HasSubstr("did you mean 'bc_star'"));
  for (const metrics::Column& column : metrics::make_columns(0.3)) {
    EXPECT_FALSE(column.card.definition.empty() || column.card.title.empty()) << column.card.name;
  }
  EXPECT_EQ(metrics::pick_columns({"bc_s05_p"}, 0.3)[0].card.constants.at("prominence"), 0.3);
}

TEST(YardstickTest, NeedsRealDances) {
  EXPECT_THROW(Yardstick(1, DanceSet(), {}), DataError);
}

}  // namespace
}  // namespace stgmamba::test
