// SPDX-License-Identifier: MIT
// Tables and figures of videos from the outside: puppets, a table of one trained and one missing row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stgmamba/media/image.hpp"
#include "stgmamba/util/file.hpp"

#include "tools/eval_world.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTable = R"(title: Tiny videos
task: skeleton_to_video
data: set
styles: [ballet]
metrics: [fid, fd_random, l1, identity, skeleton, consistency_forward]
study: [preference]
size: 32
frames: 16
seeds: [1]
rows:
  ours: {label: Ours, config: run.yaml, paper: {fid: 35.17, preference: 40.5}}
  theirs: {label: Theirs, paper: {fid: 47.65}}
  chained: {label: Chained, runs_of: ours, infer: {strategy: forward, chained: true}}
)";

constexpr const char* kRun = R"(task: skeleton_to_video
data: {root: set, size: 32, frames: 2, batch_size: 2, epoch_samples: 4, workers: 0, cond_frame: first}
model: {name: gr_composite, ngf: 4, downs: 2, blocks: 2}
loss: {preset: paper_eq}
discriminator: {ndf: 4}
train: {steps: 2}
eval: {every: 0}
checkpoint: {every: 2}
)";

class EvalVideo : public EvalWorld {
 protected:
  static void SetUpTestSuite() { make_world("--preset video --frame-size 32", kTable, kRun); }
};

TEST_F(EvalVideo, MissingRunsAreTrainedAndScored) {
  const ToolRun before = eval("--table table.yaml --no-references");
  EXPECT_EQ(before.code, 0) << before.err;
  EXPECT_THAT(before.out, HasSubstr("not trained: stg_train --config run.yaml seed=1"));
  EXPECT_THAT(before.out, HasSubstr("FID is blank: put inception-2015-12-05.pt"));
  EXPECT_THAT(before.out, HasSubstr("paper 35.17"));
  const ToolRun made = eval("--table table.yaml --run-missing --json");
  ASSERT_EQ(made.code, 0) << made.err;
  const auto board = nlohmann::json::parse(made.out);
  EXPECT_THAT(made.err, HasSubstr("run 1 of 1"));  // two rows share it
  ASSERT_EQ(board.at("rows").size(), 8U);          // real, copy, mean, cutout, moved limbs, and three rows
  EXPECT_NE(board.at("rows")[7].at("scores").at("l1").at("value"),
            board.at("rows")[5].at("scores").at("l1").at("value"));
  EXPECT_FALSE(std::filesystem::exists(*folder_ / "runs/chained-seed1"));
  const auto& ours = board.at("rows")[5].at("scores");
  EXPECT_TRUE(ours.at("l1").at("value").is_number());
  EXPECT_TRUE(ours.at("fd_random").at("value").is_number());
  EXPECT_TRUE(ours.at("consistency_forward").at("value").is_number());
  EXPECT_TRUE(ours.at("fid").at("value").is_null());
  EXPECT_EQ(ours.at("fid").at("paper"), 35.17);
  EXPECT_GT(ours.at("l1").at("value").get<double>(),  // two steps of training do not beat the photo
            board.at("rows")[1].at("scores").at("l1").at("value").get<double>());
  EXPECT_THAT(eval("--figure 1 --checkpoint runs/ours-seed1 --data set").err, Not(HasSubstr("cutout")));
  EXPECT_THAT(util::read_text(*folder_ / "figure1.md"), HasSubstr("danced by step_000000002"));
  const ToolRun again = eval("--table table.yaml --run-missing --json");
  EXPECT_EQ(again.out, made.out);
  EXPECT_THAT(again.err, Not(HasSubstr("run 1 of")));
  EXPECT_THAT(eval("--table table.yaml --no-references --against chained").out,
              HasSubstr("ahead of or behind chained"));
  EXPECT_THAT(eval("--table table.yaml --against chaind").err, HasSubstr("did you mean 'chained'"));
  EXPECT_TRUE(board.at("rows")[7].at("scores").at("consistency_forward").at("value").is_null());
  EXPECT_EQ(eval("--table table.yaml --no-references --fail-if \"ours.identity>=0\"").code, 10);
}

TEST_F(EvalVideo, WrongRequestsTrainNothing) {
  util::write_text(*folder_ / "votes.json", R"({"nobody": {"preference": 40.5}})");
  util::write_text(*folder_ / "larger.yaml", "base: table.yaml\nsize: 64\n");
  util::make_folders(*folder_ / "broken");
  util::write_text(*folder_ / "broken/inception-2015-12-05.pt", "no network");
  const Refusal cases[] = {
      {"--table table.yaml --against nobody", "--against must be a row of the table, got 'nobody'", 2},
      {"--table table.yaml --study nofile.json", "nofile.json", 4},
      {"--table table.yaml --study votes.json", "'nobody' is no row of the table", 4},
      {"--table table.yaml --fail-if \"nobody.l1<0.02\"", "must name a row of the table, got 'nobody'", 2},
      {"--table table.yaml --fail-if \"chaind.l1<0.02\"", "did you mean 'chained'", 2},
      {"--table table.yaml --no-references --fail-if \"cutout.l1<0.02\"", "got 'cutout'; there are ours, theirs", 2},
      {"--table table.yaml --fail-if \"psnr<20\"", "must ask for a column of the table, got 'psnr'", 2},
      {"--table table.yaml --fail-if \"bc<0.1\"", "must ask for a column of the table, got 'bc'", 2},
      {"--table table.yaml --metric-nets broken", "must be a TorchScript network", 5},
      {"--table larger.yaml", "must be trained on pictures of the table's size 64, got data.size=32", 3},
  };
  for (const Refusal& wrong : cases) {
    expect_untrained(wrong);
  }
}

TEST_F(EvalVideo, WrongRequestsAreRefused) {
  EXPECT_THAT(eval("--table table.yaml --metrics lpisp").err, HasSubstr("did you mean 'lpips'"));
  for (const char* of_dances : {"--generated set", "--seeds 4", "--style-classifier runs/judge"}) {
    EXPECT_EQ(eval(fmt::format("--table table.yaml {}", of_dances)).code, 2) << of_dances;
  }
  EXPECT_EQ(eval("--figure 1 --data set --generated set").code, 2);
  EXPECT_THAT(eval("--figure 11 --data set --start 3").err, HasSubstr("figure 11 has no use for --start"));
  EXPECT_THAT(eval("--figure 10 --data set --draws 3").err, HasSubstr("which belongs to figure 8"));
  EXPECT_THAT(eval("--metric-nets nets").out, HasSubstr("missing     i3d_torchscript.pt"));
  EXPECT_THAT(eval("--cards").out, HasSubstr("FD-random (not FID)"));
}

TEST_F(EvalVideo, ShortFilmsMakeShortFiguresAndNoTable) {
  util::write_text(*folder_ / "long.yaml", "base: table.yaml\nframes: 64\n");
  for (const int number : {1, 10, 11}) {
    const ToolRun figure = eval(fmt::format("--figure {} --table long.yaml -o short{}.png", number, number));
    ASSERT_EQ(figure.code, 0) << figure.err;
    EXPECT_THAT(figure.err,
                HasSubstr("clips of 49 frames instead of 64: the longest video of the split 'test' has 50"));
  }
  EXPECT_THAT(eval("--figure 11 --table table.yaml -o long.png").err, Not(HasSubstr("instead of")));
  const ToolRun refused = eval("--table long.yaml");
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.err, HasSubstr("set the key 'frames' of the table file to 49 or less"));
}

TEST_F(EvalVideo, FiguresOfPeopleNeedNoNetwork) {
  for (const int number : {1, 10, 11}) {
    const ToolRun figure = eval(fmt::format("--figure {} --data set -o fig{}.png", number, number));
    ASSERT_EQ(figure.code, 0) << figure.err;
    EXPECT_GT(media::load_image(*folder_ / fmt::format("fig{}.png", number)).width, 300) << number;
    EXPECT_TRUE(std::filesystem::exists(*folder_ / fmt::format("fig{}.svg", number)));
  }
  EXPECT_THAT(eval("--figure 11 --data set --take nobody").err, HasSubstr("--take: must be a filmed take"));
}

}  // namespace
}  // namespace stgmamba::test
