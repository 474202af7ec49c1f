// SPDX-License-Identifier: MIT
#include "stgmamba/eval/reference_rows.hpp"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/metrics/columns.hpp"
#include "stgmamba/util/error.hpp"

#include "eval/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class References : public ::testing::Test {
 protected:
  References() : bed_(write_small_corpus(folder_ / "set"), {}), rows_(eval::reference_rows(bed_, {1, 2})) {}

  double score(const std::string& row, const std::string& metric) const {
    for (const eval::ReferenceRow& reference : rows_) {
      if (reference.name == row) {
        const auto column = metrics::pick_columns({metric}, bed_.yardstick().prominence()).front();
        return column.measure(bed_.yardstick(), reference.dances)(
            metrics::Weights::all(bed_.songs().size(), reference.dances.seed_count()));
      }
    }
    ADD_FAILURE() << "no row " << row;
    return 0.0;
  }

  TempFolder folder_;
  eval::TestBed bed_;
  std::vector<eval::ReferenceRow> rows_;
};

TEST_F(References, EveryRowIsThere) {
  std::vector<std::string> names;
  for (const eval::ReferenceRow& row : rows_) {
    names.push_back(row.name);
    for (const auto& clips : row.dances.seeds) {
      EXPECT_EQ(clips.size(), bed_.places().size()) << row.name;
    }
  }
  EXPECT_THAT(names, ElementsAre("real", "real_other", "mean_pose", "mean_pose_noise", "frozen", "replay", "retrieval",
                                 "another_dance"));
  EXPECT_EQ(eval::reference_names(bed_), names);
  EXPECT_EQ(bed_.songs().size(), 3U);
  EXPECT_EQ(bed_.places().size(), 12U);  // 6 takes of 12 s
}

TEST_F(References, TheyScoreAsTheyShould) {
  EXPECT_GT(score("real", "bc_star_p"), 0.4);
  EXPECT_LT(score("real_other", "bc_star_p"), score("real", "bc_star_p") - 0.2);
  EXPECT_EQ(score("real_other", "pfd"), score("real", "pfd"));
  EXPECT_NEAR(score("mean_pose", "pfd_share"), 1.0, 1e-4);
  EXPECT_GT(score("mean_pose_noise", "bc"), 0.3);
  EXPECT_EQ(score("mean_pose_noise", "bc_p"), 0.0);
  EXPECT_EQ(score("frozen", "slow_share"), 1.0);
  EXPECT_EQ(score("frozen", "pvar_time"), 0.0);
  EXPECT_GT(score("frozen", "pvar"), 0.5 * score("real", "pvar"));  // varied, and yet not moving
  EXPECT_LT(score("replay", "nearest"), 1e-3);
  EXPECT_LT(std::abs(score("replay", "bc_star_p")), 0.35);
  EXPECT_GT(score("retrieval", "bc_star_p"), 0.3);
  EXPECT_NEAR(score("retrieval", "speed_ratio"), 1.0, 0.4);
  EXPECT_GT(score("another_dance", "bc_star_p"), 0.4);
  EXPECT_GT(score("another_dance", "l1_share"), 0.2);
  EXPECT_NEAR(score("another_dance", "pfd"), 0.0, 1e-5);  // the same dances, only in other places
}

TEST_F(References, SeedsDraw) {
  for (const eval::ReferenceRow& row : rows_) {
    if (row.dances.seed_count() == 2) {
      EXPECT_NE(row.dances.seeds[0][0].motion.xy, row.dances.seeds[1][0].motion.xy) << row.name;
    }
  }
}

TEST(TestBedTest, TakesTooShortAreToldAndHashesFollowTheWindows) {
  const TempFolder folder;
  const data::Dataset dataset = write_small_corpus(folder / "set", 11.0);
  const eval::TestBed all(dataset, {});
  eval::TestBedOptions one;
  one.takes = {all.takes()[0].id};
  EXPECT_NE(all.hash(), eval::TestBed(dataset, one).hash());
  EXPECT_EQ(eval::TestBed(dataset, one).places().size(), 2U);
  EXPECT_THAT(error_of([&] { all.cut([&](std::size_t) { return skeleton::Motion(60, 10); }); }),
              HasSubstr("must last as long as the take, at least 10 s, got 6 s"));
  one.split = "nothing";
  one.takes.clear();
  EXPECT_THROW(eval::TestBed(dataset, one), DataError);
}

}  // namespace
}  // namespace stgmamba::test
