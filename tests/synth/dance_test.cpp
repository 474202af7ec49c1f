// SPDX-License-Identifier: MIT
#include "stgmamba/synth/dance.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "stgmamba/skeleton/layout.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

synth::Song score_of(synth::Style style, std::uint64_t seed) {
  synth::SongSpec spec;
  spec.style = style;
  spec.seed = seed;
  spec.seconds = 16.0;
  return synth::make_score(spec);
}

/// Median over frames and joints: skipped beats and jitter, which stay, touch few of them.
double usual_distance(const skeleton::Motion& a, const skeleton::Motion& b) {
  std::vector<float> distances;
  for (std::size_t i = 0; i < a.xy.size(); ++i) {
    distances.push_back(std::abs(a.xy[i] - b.xy[i]));
  }
  const auto middle = distances.begin() + std::ssize(distances) / 2;
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

TEST(Dance, IsAFunctionOfSongSeedAndOptions) {
  const synth::Song song = score_of(synth::Style::kKpop, 3);
  EXPECT_EQ(synth::make_dance(song, 4).motion.xy, synth::make_dance(song, 4).motion.xy);
  EXPECT_NE(synth::make_dance(song, 4).motion.xy, synth::make_dance(song, 5).motion.xy);
  EXPECT_NE(synth::make_dance(song, 4).motion.xy, synth::make_dance(song, 4, {.coupling = 0.0}).motion.xy);
}

TEST(Dance, DiversityIsWhatTellsTwoDancesApart) {
  const synth::Song song = score_of(synth::Style::kPopping, 3);
  const double wide = usual_distance(synth::make_dance(song, 4).motion, synth::make_dance(song, 5).motion);
  const double narrow = usual_distance(synth::make_dance(song, 4, {.diversity = 0.0}).motion,
                                       synth::make_dance(song, 5, {.diversity = 0.0}).motion);
  EXPECT_LT(narrow, 0.5 * wide);
}

TEST(Dance, FillsTheSongInsideTheFrameWithBonesOfConstantLength) {
  for (const synth::Style style : synth::kAllStyles) {
    const synth::Song song = score_of(style, 8);
    const synth::Dance dance = synth::make_dance(song, 1);
    EXPECT_EQ(dance.motion.frames(), static_cast<std::int64_t>(16.0 * synth::kDanceFps));
    for (std::int64_t frame = 0; frame < dance.motion.frames(); ++frame) {
      for (int joint = 0; joint < skeleton::kJoints; ++joint) {
        const float x = dance.motion.x(frame, joint), y = dance.motion.y(frame, joint);
        ASSERT_TRUE(x > 0 && x < skeleton::kFrameWidth && y > 0 && y < skeleton::kFrameHeight) << x << " " << y;
      }
    }
    for (const auto& [a, b] : skeleton::drawing_limbs()) {
      const auto length = [&](std::int64_t frame) {
        const float* pose = &dance.motion3.xyz[static_cast<std::size_t>(frame) * skeleton::kJoints * 3];
        return std::hypot(pose[3 * a] - pose[3 * b], pose[3 * a + 1] - pose[3 * b + 1],
                          pose[3 * a + 2] - pose[3 * b + 2]);
      };
      EXPECT_NEAR(length(0), length(dance.motion3.frames() / 2), 1e-3F * length(0));
    }
  }
}

TEST(Dance, RefusesOptionsOutsideTheirRange) {
  const synth::Song song = score_of(synth::Style::kKpop, 3);
  EXPECT_EQ(exit_code_of([&] { synth::make_dance(song, 1, {.coupling = 1.5}); }), 2);
  EXPECT_EQ(exit_code_of([&] { synth::make_dance(song, 1, {.diversity = -0.1}); }), 2);
}

}  // namespace
}  // namespace stgmamba::test
