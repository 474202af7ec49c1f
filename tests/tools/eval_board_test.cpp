// SPDX-License-Identifier: MIT
// stg_eval's tables from the outside: a corpus, a table of one trained and one missing row, gates, baselines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/file.hpp"

#include "tools/eval_world.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTable = R"(title: Tiny
data: set
metrics: [bc, bc_star_p, pfd_share, speed_ratio, time]
study: [votes]
seeds: [1, 2]
against: ours
rows:
  ours: {label: Ours, config: run.yaml, paper: {bc: 0.684}}
  theirs: {label: Theirs, paper: {bc: 0.5}}
)";

constexpr const char* kRun = R"(task: music_to_skeleton
data: {root: set, batch_size: 2, epoch_samples: 4, workers: 0}
model: {name: stg_mamba, d: 8, blocks: 1, expand: 1, d_state: 2}
train: {steps: 2}
eval: {every: 0}
checkpoint: {every: 2}
)";

class EvalBoard : public EvalWorld {
 protected:
  static void SetUpTestSuite() { make_world("--preset tiny", kTable, kRun); }
};

TEST_F(EvalBoard, MissingRowsSayWhatMakesThemAndRunMissingMakesThem) {
  const ToolRun before = eval("--table table.yaml --no-references");
  EXPECT_EQ(before.code, 0) << before.err;
  EXPECT_THAT(before.out, HasSubstr("not trained: stg_train --config run.yaml seed=1"));
  EXPECT_THAT(before.out, HasSubstr("no such method here yet"));
  const ToolRun made = eval("--table table.yaml --run-missing --format json --seeds 1");
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("run 2 of 2: ours-seed2; about"));
  const auto board = nlohmann::json::parse(made.out);
  EXPECT_EQ(board.at("rows").size(), 10U);  // eight references and two rows
  const auto& ours = board.at("rows")[8];
  EXPECT_EQ(ours.at("name"), "ours");
  EXPECT_TRUE(ours.at("scores").at("bc").at("value").is_number());
  EXPECT_GT(ours.at("scores").at("time").at("value").get<double>(), 0.0);
  EXPECT_EQ(ours.at("scores").at("bc").at("paper"), 0.684);
  EXPECT_EQ(ours.at("sample").at("seeds").size(), 2U);
  // Again: nothing is trained or danced anew, and the numbers are the same.
  const ToolRun again = eval("--table table.yaml --run-missing --json --seeds 1");
  EXPECT_EQ(again.out, made.out);
  EXPECT_THAT(again.err, Not(HasSubstr("run 1 of")));
  // A baseline, and one that does not compare.
  util::write_text(*folder_ / "made.json", made.out);
  EXPECT_THAT(eval("--table table.yaml --no-references --baseline made.json").out, HasSubstr("(+0)"));
  auto other = board;
  other["rows"][8]["sample"]["clips"] = 7;
  util::write_text(*folder_ / "other.json", other.dump());
  const ToolRun refused = eval("--table table.yaml --no-references --baseline other.json");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("clips against 7"));
  EXPECT_EQ(eval("--table table.yaml --no-references --baseline other.json --force").code, 0);
  // A user study fills its columns.
  util::write_text(*folder_ / "votes.json", R"({"theirs": {"votes": 41.5}})");
  EXPECT_THAT(eval("--table table.yaml --no-references --study votes.json").out, HasSubstr("41.5"));
  util::write_text(*folder_ / "votes.json", R"({"theirs": {"vote": 41.5}})");
  EXPECT_EQ(eval("--table table.yaml --no-references --study votes.json").code, 4);
  util::write_text(*folder_ / "votes.json", R"({"nobody": {"votes": 41.5}})");
  EXPECT_EQ(eval("--table table.yaml --no-references --study votes.json").code, 4);
  // One checkpoint alone, with gates.
  const std::string alone =
      "--checkpoint runs/ours-seed1 --data set --no-references --seeds 3 --metrics bc,speed_ratio ";
  EXPECT_EQ(eval(alone + "--fail-if \"speed_ratio>1000\"").code, 0);
  const ToolRun failed = eval(alone + "--fail-if \"speed_ratio<1000\" --fail-if \"bc<-1\"");
  EXPECT_EQ(failed.code, 10);
  EXPECT_THAT(failed.err, HasSubstr("--fail-if \"speed_ratio<1000\": checkpoint: speed_ratio is"));
  // Two steps of training follow no music.
  const ToolRun card =
      run_tool("stg_eval --checkpoint runs/ours-seed1 --data set --card music-sensitivity", folder_->path());
  EXPECT_EQ(card.code, 10) << card.err;
  EXPECT_THAT(card.out, HasSubstr("NOT MET"));
  // And retrieval dances without any model.
  const ToolRun dance = run_tool(
      "stg_generate --motion retrieval --data set --music set/clips/kpop_005_a/audio.wav --seconds 6 --variants 2 "
      "--save-skeleton dance.npz",
      folder_->path());
  EXPECT_EQ(dance.code, 0) << dance.err;
  EXPECT_TRUE(std::filesystem::exists(*folder_ / "dance-2.npz"));
}

TEST_F(EvalBoard, FoldersOfDancesAreScoredInEveryFormat) {
  std::filesystem::create_directories(*folder_ / "made");
  std::filesystem::copy_file(*folder_ / "set/clips/kpop_005_a/pose.npz", *folder_ / "made/kpop_005_a.npz",
                             std::filesystem::copy_options::overwrite_existing);
  const ToolRun plain = run_tool("stg_eval --generated made --data set", folder_->path());
  EXPECT_THAT(plain.out, HasSubstr("BC* others"));  // the list of takes, as ever
  for (const char* format : {"text", "md", "csv", "tex"}) {
    const ToolRun run = eval(std::string("--generated made --data set --metrics bc,pfd --cards --format ") + format);
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("made"));
  }
  EXPECT_EQ(eval("--generated made --data set --fail-if \"pfd>0.1\"").code, 0);
  EXPECT_EQ(eval("--generated made --data set --joints smpl24").code, 4);
  // No option is left out for the sake of the short list.
  for (const char* option : {"--replicates 9", "--no-references"}) {
    const ToolRun run = run_tool(std::string("stg_eval --generated made --data set ") + option, folder_->path());
    EXPECT_THAT(run.out, HasSubstr("95 % intervals")) << option;
  }
  const ToolRun lacking = eval("--generated made --data set --split train");
  EXPECT_EQ(lacking.code, 4);
  EXPECT_THAT(lacking.err, HasSubstr("made: no dance to take kpop_00"));
}

TEST_F(EvalBoard, RetrievalTracksTheBeatsThatADatasetLacks) {
  std::filesystem::copy(*folder_ / "set", *folder_ / "bare", std::filesystem::copy_options::recursive);
  std::vector<io::Json> rows = io::read_json_lines(*folder_ / "bare/index.jsonl");
  for (io::Json& row : rows) {
    row["beats"] = io::Json::array();
  }
  io::write_json_lines(*folder_ / "bare/index.jsonl", rows);
  const ToolRun dance = run_tool(
      "stg_generate --motion retrieval --data bare --music set/clips/kpop_005_a/audio.wav --seconds 6 "
      "--save-skeleton tracked.npz",
      folder_->path());
  EXPECT_EQ(dance.code, 0) << dance.err;
  EXPECT_THAT(dance.err, HasSubstr("12 tracked ones"));
}

TEST_F(EvalBoard, WrongRequestsTrainNothing) {
  util::make_folders(*folder_ / "empty");
  util::write_text(*folder_ / "ballots.json", R"({"nobody": {"votes": 41.5}})");
  util::write_text(*folder_ / "film.yaml",
                   "task: skeleton_to_video\ndata: {root: set, size: 32, frames: 2}\ndiscriminator: {ndf: 4}\n"
                   "model: {name: gr_composite, ngf: 4, downs: 2, blocks: 2}\nloss: {preset: paper_eq}\n");
  const std::string last = "base: table.yaml\nrows:\n  last: {label: Last, ";
  util::write_text(*folder_ / "unknown_key.yaml", last + "config: run.yaml, overrides: [data.batchsize=3]}\n");
  util::write_text(*folder_ / "films.yaml", last + "config: film.yaml}\n");
  const Refusal cases[] = {
      {"--table table.yaml --against nobody", "--against must be a row of the table, got 'nobody'", 2},
      {"--table table.yaml --study nofile.json", "nofile.json", 4},
      {"--table table.yaml --study ballots.json", "'nobody' is no row of the table", 4},
      {"--table table.yaml --fail-if \"nobody.bc<0.02\"", "must name a row of the table, got 'nobody'", 2},
      {"--table table.yaml --no-references --fail-if \"replay.bc<0.02\"", "got 'replay'; there are ours, theirs", 2},
      {"--table table.yaml --fail-if \"mmd>1\"", "must ask for a column of the table, got 'mmd'", 2},
      {"--table table.yaml --generated empty", "no dance to take", 4},
      {"--table table.yaml --generated empty --joints smpl23", "did you mean 'smpl24'", 2},
      {"--table table.yaml --style-classifier runs/none", "no such run or checkpoint", 5},
      {"--table unknown_key.yaml", "data.batchsize", 3},
      {"--table films.yaml", "must be trained by the table's task music_to_skeleton, got skeleton_to_video", 3},
  };
  for (const Refusal& wrong : cases) {
    expect_untrained(wrong);
  }
}

TEST_F(EvalBoard, WrongCommandLinesAreOneLine) {
  const struct {
    const char *arguments, *says;
    int code;
  } cases[] = {
      {"--table 7", "must be 1 to 5 or a file", 2},
      {"--table table.yaml --metrics bcc", "did you mean", 2},
      {"--table table.yaml --fail-if nonsense", "expects METRIC<NUMBER", 2},
      {"--table table.yaml --data nowhere", "nowhere", 4},
      {"--table table.yaml --baseline nowhere.json", "nowhere.json", 4},
      {"--table table.yaml --format pdf", "--format", 2},
      {"--table table.yaml data.batchsize=3 --run-missing", "data.batchsize", 3},
      {"--checkpoint runs/none --data set", "no such run", 5},
      {"--checkpoint best --data set", "needs --config", 2},
      {"--card music-sensitivity --data set", "needs --checkpoint", 2},
      {"--scaling", "needs a --config or a --checkpoint", 2},
      {"--generated made", "--data", 2},
      {"--generated made --data set --split none", "no split 'none'", 4},
      {"--generated made --data set --study votes.json", "--study needs --table", 2},
      {"--generated made --data set --run-missing", "--run-missing needs --table", 2},
  };
  std::filesystem::create_directories(*folder_ / "made");
  for (const auto& wrong : cases) {
    const ToolRun run = eval(wrong.arguments);
    EXPECT_EQ(run.code, wrong.code) << wrong.arguments << "\n" << run.err;
    EXPECT_THAT(run.err, HasSubstr(wrong.says)) << wrong.arguments;
  }
  const ToolRun cards = run_tool("stg_eval --cards", folder_->path());
  EXPECT_EQ(cards.code, 0);
  EXPECT_THAT(cards.out, HasSubstr("bc_star_s05_p"));
}

}  // namespace
}  // namespace stgmamba::test
