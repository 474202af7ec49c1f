// SPDX-License-Identifier: MIT
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/infer/skeleton_video.hpp"
#include "stgmamba/util/file.hpp"

#include "infer/figure.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

TEST(MotionFile, EveryFormatComesBack) {
  const TempFolder folder;
  const skeleton::Motion motion = figure(7);
  for (const char* name : {"a.npz", "a.json", "openpose"}) {
    infer::write_motion(folder / name, motion);
    const skeleton::Motion back = infer::read_motion(folder / name, 10.0);
    ASSERT_EQ(back.frames(), 7) << name;
    EXPECT_EQ(back.fps, 10.0);
    for (std::int64_t f = 0; f < 7; ++f) {
      EXPECT_TRUE(back.missing(f, 17)) << name;
      EXPECT_TRUE(std::isnan(back.x(f, 17))) << name;
      EXPECT_NEAR(back.x(f, 4), motion.x(f, 4), 1e-3) << name;
      EXPECT_NEAR(back.y(f, 9), motion.y(f, 9), 1e-3) << name;
    }
  }
}

TEST(MotionFile, BadFilesAreNamed) {
  const TempFolder folder;
  util::write_text(folder / "ragged.json", R"({"fps": 10, "frames": [[[1, 2, 1]]]})");
  util::write_text(folder / "words.json", R"({"fps": "ten", "frames": []})");
  const skeleton::Motion good = figure(3);
  skeleton::Motion fast = good, far = good, nobody(3, 10.0);
  fast.fps = 1e12;
  far.x(1, 4) = 1e30F;
  infer::write_motion(folder / "fast.npz", fast);
  infer::write_motion(folder / "far.npz", far);
  infer::write_motion(folder / "nobody.npz", nobody);
  for (const char* name : {"ragged.json", "words.json", "none.npz", "fast.npz", "far.npz", "nobody.npz"}) {
    const auto read = [&] { infer::read_motion(folder / name, 10.0); };
    EXPECT_EQ(exit_code_of(read), 4) << name;
    EXPECT_THAT(error_of(read), ::testing::HasSubstr(name));
  }
}

}  // namespace
}  // namespace stgmamba::test
