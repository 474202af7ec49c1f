// SPDX-License-Identifier: MIT
#include "stgmamba/weights/name_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::weights {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

Arrays named(const std::vector<std::string>& names) {
  Arrays arrays;
  for (const std::string& name : names) {
    arrays.emplace(name, io::Array::from<float>(std::vector<float>{1}, {1}));
  }
  return arrays;
}

TEST(NameMap, RulesApplyInOrderAndKeepTheOldName) {
  const NameMap map = NameMap::parse(
      "# a comment\n\nstrip module.   # DataParallel\nrename enc. audio_encoder.\n  rename audio_encoder.x "
      "audio_encoder.y\n",
      "rules");
  EXPECT_THAT(map.old_names(named({"module.enc.w", "module.enc.x", "other"}), "a.pth"),
              UnorderedElementsAre(Pair("audio_encoder.w", "module.enc.w"), Pair("audio_encoder.y", "module.enc.x"),
                                   Pair("other", "other")));
  EXPECT_EQ(NameMap().old_names(named({"a", "b"}), "a.pth").size(), 2U);
}

TEST(NameMap, TakeLeavesTheRestOfACheckpointAlone) {
  const NameMap map = NameMap::parse("take ema\ntake state_dict\nstrip module.\n", "rules");
  const Arrays file = named({"state_dict.module.w", "state_dictionary.v", "optimizer.state.0.exp_avg"});
  EXPECT_THAT(map.old_names(file, "a.pth"), UnorderedElementsAre(Pair("w", "state_dict.module.w")));
  EXPECT_THAT(test::error_of([&] { map.old_names(named({"w"}), "a.pth"); }),
              HasSubstr("a.pth: holds no tensors under ema, state_dict"));
  EXPECT_EQ(test::exit_code_of([&] { map.old_names(named({"w"}), "a.pth"); }), 5);
}

TEST(NameMap, TwoNamesMayNotBecomeOne) {
  const NameMap map = NameMap::parse("strip a.\n", "rules");
  EXPECT_THAT(test::error_of([&] {
                map.old_names(named({"a.w", "w"}), "f.pth");
              }),
              HasSubstr("f.pth: the name rules make one name, w, of a.w and w"));
}

TEST(NameMap, GlobsNameWhatMayBeMissingOrSpare) {
  const NameMap map = NameMap::parse("spare *.running_*\nmissing fcn.?\n", "rules");
  EXPECT_TRUE(matches_any("a.b.running_mean", map.spare()));
  EXPECT_FALSE(matches_any("a.b.weight", map.spare()));
  EXPECT_TRUE(matches_any("fcn.w", map.missing()));
  EXPECT_FALSE(matches_any("fcn.weight", map.missing()));
}

TEST(NameMap, ALineThatIsNoRuleIsNamed) {
  for (const char* line : {"drop x", "strip", "strip a b", "rename a", "rename a b c", "take"}) {
    EXPECT_THAT(test::error_of([&] { NameMap::parse(std::string("strip a\n") + line, "rules.txt"); }),
                testing::AllOf(HasSubstr("rules.txt:2: must be"), HasSubstr(line)));
    EXPECT_EQ(test::exit_code_of([&] { NameMap::parse(line, "rules.txt"); }), 3);
  }
}

TEST(NameMap, BuiltInMapsAndFilesAreFound) {
  for (const std::string& name : NameMap::built_in()) {
    EXPECT_THAT(NameMap::load(name).old_names(named({"module.w"}), "a.pth"),
                UnorderedElementsAre(Pair("w", "module.w")));
  }
  const test::TempFolder folder;
  util::write_text(folder / "rules", "strip a.\n");
  EXPECT_EQ(NameMap::load((folder / "rules").string()).old_names(named({"a.w"}), "a.pth").count("w"), 1U);
  EXPECT_THAT(test::error_of([] { NameMap::load("mvds"); }), HasSubstr("mdvs, stgcn, vid2vid, pix2pixhd, vgg19"));
}

}  // namespace
}  // namespace stgmamba::weights
