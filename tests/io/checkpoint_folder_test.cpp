// SPDX-License-Identifier: MIT
#include "stgmamba/io/checkpoint_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::io {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TempFolder;
using testing::HasSubstr;

fs::path make_checkpoint(const fs::path& run, std::int64_t step) {
  const fs::path folder = run / "checkpoints" / checkpoint_name(step);
  util::make_folders(folder);
  util::write_text(folder / "state.json", "{}");
  seal_checkpoint(folder);
  return folder;
}

TEST(Checkpoint, NamesSort) {
  EXPECT_EQ(checkpoint_name(12000), "step_000012000");
}

TEST(Checkpoint, DamageIsSeenAndTheOneBeforeIsTaken) {
  const TempFolder run;
  const fs::path first = make_checkpoint(run.path(), 10);
  const fs::path second = make_checkpoint(run.path(), 20);
  util::make_folders(run.path() / "checkpoints" / checkpoint_name(30));  // torn: no marker
  EXPECT_EQ(newest_checkpoint(run.path()), second);
  util::write_text(second / "state.json", "{ }");
  EXPECT_THAT(checkpoint_damage(second), HasSubstr("state.json: content changed"));
  EXPECT_EQ(newest_checkpoint(run.path()), first);
  fs::remove(first / "state.json");
  EXPECT_THAT(checkpoint_damage(first), HasSubstr("state.json: missing"));
  EXPECT_EQ(newest_checkpoint(run.path()), std::nullopt);
  EXPECT_EQ(checkpoint_steps(run.path()), (std::vector<std::int64_t>{10, 20, 30}));
}

TEST(Checkpoint, MayBeSealedAgain) {
  const TempFolder run;
  const fs::path checkpoint = make_checkpoint(run.path(), 10);
  util::write_text(checkpoint / "extra.json", "[]");
  seal_checkpoint(checkpoint);
  EXPECT_EQ(checkpoint_damage(checkpoint), "");
  util::write_text(checkpoint / "extra.json", "[1]");
  EXPECT_THAT(checkpoint_damage(checkpoint), HasSubstr("extra.json: content changed"));
}

TEST(Checkpoint, FoldersOfOthersAreNoSteps) {
  const TempFolder run;
  make_checkpoint(run.path(), 10);
  for (const char* name : {"step_12", "step_+00000013", "step_", "step_000000014.old", "notes"}) {
    util::make_folders(run.path() / "checkpoints" / name);
  }
  EXPECT_EQ(checkpoint_steps(run.path()), (std::vector<std::int64_t>{10}));
}

TEST(Checkpoint, IsFoundByName) {
  const TempFolder run;
  const fs::path first = make_checkpoint(run.path(), 10);
  EXPECT_EQ(find_checkpoint(run.path(), "last"), first);
  EXPECT_EQ(find_checkpoint(run.path(), "10"), first);
  EXPECT_EQ(find_checkpoint(run.path(), first.string()), first);
  EXPECT_EQ(find_checkpoint(run.path(), "step_000000010"), first);
  EXPECT_THAT(error_of([&] { find_checkpoint(run.path(), "best"); }),
              HasSubstr("not recorded yet; steps in this run: 10"));
  util::write_text(run / "best", checkpoint_name(10) + "\n");
  EXPECT_EQ(find_checkpoint(run.path(), "best"), first);
  EXPECT_THAT(error_of([&] { find_checkpoint(run.path(), "11"); }), HasSubstr("no such folder"));
}

}  // namespace
}  // namespace stgmamba::io
