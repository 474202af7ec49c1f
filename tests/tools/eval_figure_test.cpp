// SPDX-License-Identifier: MIT
// stg_eval --figure from the outside: a corpus, two runs, other people's dances.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stgmamba/media/image.hpp"
#include "stgmamba/util/file.hpp"

#include "support/xml.hpp"
#include "tools/eval_world.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRun = R"(task: music_to_skeleton
data: {root: set, batch_size: 2, epoch_samples: 4, workers: 0}
model: {name: stg_mamba, d: 8, blocks: 1, expand: 1, d_state: 2}
train: {steps: 1}
eval: {every: 0}
)";
constexpr const char* kTable = R"(title: Tiny
data: set
metrics: [bc]
rows:
  ours: {label: Trained, config: run.yaml}
  none: {label: Untrained, config: run.yaml, seeds: [9]}
)";

class EvalFigure : public EvalWorld {
 protected:
  static void SetUpTestSuite() {
    make_world("--preset tiny", kTable, kRun);
    // As the table would train it: stg_eval --table table.yaml --run-missing, without the scoring.
    ASSERT_EQ(
        run_tool("stg_train -q --config run.yaml seed=1 data.root=set --run-name ours-seed1", folder_->path()).code, 0);
  }
  static ToolRun eval(const std::string& arguments) { return run_tool("stg_eval " + arguments, folder_->path()); }
};

TEST_F(EvalFigure, StripsOfRunsTablesAndOtherPeoplesDances) {
  const std::string take = util::read_text(*folder_ / "set/splits/test.txt");
  const std::string id = take.substr(0, take.find('\n'));
  fs::create_directories(*folder_ / "theirs");
  fs::copy_file(*folder_ / ("set/clips/" + id + "/pose.npz"), *folder_ / ("theirs/" + id + ".npz"));
  const ToolRun made = eval("--figure 6 --table table.yaml --run A=runs/ours-seed1 --run Theirs=theirs --take " + id +
                            " --start 5 --json -o out/six");
  ASSERT_EQ(made.code, 0) << made.err;
  const auto numbers = nlohmann::json::parse(made.out);
  ASSERT_EQ(numbers["rows"].size(), 4U);
  EXPECT_EQ(numbers["rows"][0]["label"], "A");
  EXPECT_EQ(numbers["rows"][1]["label"], "Theirs");
  EXPECT_EQ(numbers["rows"][2]["label"], "Trained");
  EXPECT_EQ(numbers["rows"][3]["label"], "real dance");
  EXPECT_EQ(numbers["rows"][1]["repeated"], numbers["rows"][3]["repeated"]);  // theirs is the real one
  EXPECT_EQ(numbers["music"], id + ", 5 to 10 s");
  EXPECT_THAT(made.err, HasSubstr("Untrained: no finished run"));
  EXPECT_GT(media::load_image(*folder_ / "out/six.png").width, 1500);
  EXPECT_EQ(xml_problem(util::read_text(*folder_ / "out/six.svg")), "");
  EXPECT_THAT(util::read_text(*folder_ / "out/six.md"), HasSubstr("repeated"));
}

TEST_F(EvalFigure, OverlaysAndDependences) {
  const ToolRun eight = eval("--figure 8 --run runs/ours-seed1 --data set --draws 3 -o eight.pdf");
  ASSERT_EQ(eight.code, 0) << eight.err;
  EXPECT_TRUE(fs::exists(*folder_ / "eight.pdf") && fs::exists(*folder_ / "eight.png"));
  EXPECT_THAT(eight.out, HasSubstr("ours-seed1 "));
  EXPECT_THAT(eight.out, HasSubstr("(3 dances)"));
  const ToolRun nine = eval("--figure 9 --run runs/ours-seed1 --data set --example nose --example left_knee --json");
  ASSERT_EQ(nine.code, 0) << nine.err;
  const auto numbers = nlohmann::json::parse(nine.out);
  ASSERT_EQ(numbers["examples"].size(), 2U);
  EXPECT_EQ(numbers["examples"][1]["joint"], "left knee");
  EXPECT_EQ(xml_problem(util::read_text(*folder_ / "figure9.svg")), "");
  const ToolRun scan =
      eval("--figure 9 --run runs/ours-seed1 --data set --example nose --response scan --json -o scan.png");
  ASSERT_EQ(scan.code, 0) << scan.err;
  EXPECT_NE(nlohmann::json::parse(scan.out)["examples"][0], numbers["examples"][0]);
}

TEST_F(EvalFigure, WrongRequestsAreRefused) {
  EXPECT_EQ(eval("--figure 5").code, 2);
  EXPECT_EQ(eval("--figure 4 --data set").code, 2);
  EXPECT_EQ(eval("--run x=y --data set").code, 2);
  const ToolRun joint = eval("--figure 9 --run runs/ours-seed1 --data set --example left_kne");
  EXPECT_EQ(joint.code, 2);
  EXPECT_THAT(joint.err, HasSubstr("did you mean 'left knee'?"));
  EXPECT_EQ(eval("--figure 5 --run gone=runs/nothing --data set").code, 5);
}

}  // namespace
}  // namespace stgmamba::test
