// SPDX-License-Identifier: MIT
#include "stgmamba/eval/motion_scores.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/skeleton/formats.hpp"

#include "eval/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;

/// Two songs of the corpus with one dance each.
data::Dataset write_corpus(const fs::path& folder) {
  data::DatasetWriter writer(folder, {"test", "none", "test", "test"});
  int songs = 0;
  for (const synth::TakeSpec& spec : synth::corpus(synth::Preset::kTiny, 3, {}, {})) {
    if (spec.id.back() == 'a' && ++songs <= 2) {
      writer.add(corpus_take(spec));
    }
  }
  writer.finish();
  return data::Dataset::open(folder);
}

TEST(MotionScores, TheTrueDanceIsItsOwnCeilingAndHearsItsOwnSong) {
  const TempFolder folder;
  const data::Dataset dataset = write_corpus(folder / "set");
  for (const data::TakeInfo& take : dataset.takes()) {
    skeleton::write_motion_npz(folder / (take.id + ".npz"), dataset.load(take).motion);
  }
  const eval::MotionScores scores = eval::score_motions(dataset, folder.path());
  ASSERT_EQ(scores.rows.size(), 2U);
  EXPECT_DOUBLE_EQ(scores.all.bc_star, scores.all.bc_star_real);
  EXPECT_GT(scores.all.bc_star, 0.5);
  EXPECT_LT(scores.all.bc_star_other, 0.2);
  EXPECT_DOUBLE_EQ(scores.all.speed_ratio, 1.0);
  EXPECT_DOUBLE_EQ(scores.all.jerk_ratio, 1.0);
  EXPECT_THAT(scores.text(), ::testing::HasSubstr(dataset.takes()[0].id));
}

TEST(MotionScores, AStatueScoresNothing) {
  const TempFolder folder;
  const data::Dataset dataset = write_corpus(folder / "set");
  const data::TakeInfo take = dataset.takes().front();
  skeleton::Motion still = dataset.load(take).motion;
  for (std::int64_t frame = 1; frame < still.frames(); ++frame) {
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      still.x(frame, joint) = still.x(0, joint);
      still.y(frame, joint) = still.y(0, joint);
    }
  }
  skeleton::write_motion_npz(folder / (take.id + ".npz"), still);
  const eval::MotionScores scores = eval::score_motions(dataset, folder.path());
  EXPECT_EQ(scores.all.bc, 0.0);
  EXPECT_EQ(scores.all.speed_ratio, 0.0);
  EXPECT_TRUE(std::isfinite(scores.all.bc_star_real));
}

TEST(MotionScores, AFileThatIsNoTakeIsNamed) {
  const TempFolder folder;
  const data::Dataset dataset = write_corpus(folder / "set");
  EXPECT_THAT(error_of([&] { eval::score_motions(dataset, folder.path()); }), ::testing::HasSubstr("got none"));
  skeleton::write_motion_npz(folder / "kpop_000_x.npz", skeleton::Motion(20, 10.0));
  EXPECT_THAT(error_of([&] { eval::score_motions(dataset, folder.path()); }), ::testing::HasSubstr("did you mean"));
}

}  // namespace
}  // namespace stgmamba::test
