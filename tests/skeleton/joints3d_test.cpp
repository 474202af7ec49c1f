// SPDX-License-Identifier: MIT
#include <cmath>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stgmamba/skeleton/formats.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::skeleton {
namespace {

/// A file of two frames whose joint 17 of frame 1 is `last`.
std::string document(const std::string& last, const std::string& head = R"("fps":30,"unit":"m","up":"y")") {
  std::string frames;
  for (int frame = 0; frame < 2; ++frame) {
    frames += frame == 0 ? "[" : ",[";
    for (int joint = 0; joint < 17; ++joint) {
      frames += fmt::format("[{},0.5,-1],", joint);
    }
    frames += (frame == 1 ? last : "[0,1,2]") + "]";
  }
  return fmt::format(R"({{{},"joints":"openpose18","source":"made","positions":[{}]}})", head, frames);
}

TEST(Joints3d, ReadsPositionsAndNull) {
  const test::TempFolder folder;
  std::ofstream(folder / "take.json") << document("null");
  const Joints3dFile file = read_joints3d(folder / "take.json");
  EXPECT_EQ(file.source, "made");
  EXPECT_EQ(file.motion.fps, 30.0);
  ASSERT_EQ(file.motion.frames(), 2);
  EXPECT_EQ(file.motion.xyz[(18 + 16) * 3], 16.0F);
  EXPECT_EQ(file.motion.xyz[17 * 3 + 2], 2.0F);
  EXPECT_TRUE(std::isnan(file.motion.xyz[(18 + 17) * 3 + 1]));
}

TEST(Joints3d, BadFilesNameThePlace) {
  const test::TempFolder folder;
  const std::pair<std::string, const char*> cases[] = {
      {document("[0,1]"), "positions[1][17] must be three numbers"},
      {document("[0,1,\"x\"]"), "positions[1][17] must be three numbers"},
      {document("[0,1,NaN]"), "not JSON"},
      {document("[0,1,1e999]"), "a number that is too large"},
      {document("[0,1,1e30]"), "positions[1][17]"},
      {document("[0,1,2],[0,1,2]"), "positions[1] must be a list of 18 joints, got 19"},
      {document("[0,1,2]", R"("fps":0,"unit":"m","up":"y")"), "'fps' must be"},
      {document("[0,1,2]", R"("unit":"m","up":"y")"), "'fps' must be"},
      {document("[0,1,2]", R"("fps":30,"unit":"cm","up":"y")"), "'unit' must be \"m\", got \"cm\""},
      {document("[0,1,2]", R"("fps":30,"unit":"m","up":"z")"), "'up' must be"},
      {R"({"fps":30,"unit":"m","up":"y","joints":"openpose18","positions":[]})", "at least one frame"},
      {R"({"fps":30})", "must be an object with"},
      {"[1,2]", "must be an object with"},
      {"dance", "take.json"},
      {"", "take.json"},
  };
  for (const auto& [text, want] : cases) {
    std::ofstream(folder / "take.json") << text;
    const auto read = [&] { read_joints3d(folder / "take.json"); };
    const std::string error = test::error_of(read);
    EXPECT_EQ(test::exit_code_of(read), 4) << want;
    EXPECT_NE(error.find(want), std::string::npos) << error;
    EXPECT_NE(error.find("take.json"), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
  EXPECT_EQ(test::exit_code_of([&] { read_joints3d(folder / "absent.json"); }), 4);
}

}  // namespace
}  // namespace stgmamba::skeleton
