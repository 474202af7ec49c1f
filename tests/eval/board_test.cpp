// SPDX-License-Identifier: MIT
#include "stgmamba/eval/board.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/eval/reference_rows.hpp"
#include "stgmamba/eval/table_config.hpp"
#include "stgmamba/util/file.hpp"

#include "eval/small_corpus.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Real dances, statues, and a method that frozen dances stand in for.
eval::Board make_board(const eval::TestBed& bed) {
  std::vector<eval::RowSource> sources;
  for (eval::ReferenceRow& row : eval::reference_rows(bed, {1})) {
    eval::RowSource source;
    source.name = row.name;
    source.label = row.label;
    source.reference = row.name != "frozen" && row.name != "replay";
    source.dances = std::move(row.dances);
    sources.push_back(std::move(source));
  }
  for (eval::RowSource& source : sources) {
    if (source.name == "frozen") {
      source.paper = {{"bc", 0.25}};
    }
  }
  eval::RowSource missing;
  missing.name = "edge";
  missing.label = "EDGE, & co.";
  missing.missing = "no such method here yet";
  missing.paper = {{"bc", 0.547}};
  sources.push_back(missing);
  eval::BoardOptions options;
  options.title = "Test";
  options.against = "replay";
  options.bootstrap.replicates = 60;
  return eval::make_board(bed,
                          metrics::pick_columns({"bc", "bc_star_p", "pfd", "slow_share"}, bed.yardstick().prominence()),
                          sources, options);
}

class Boards : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    const eval::TestBed bed(write_small_corpus(*folder_ / "set"), {});
    board_ = new eval::Board(make_board(bed));
  }
  static void TearDownTestSuite() {
    delete board_;
    delete folder_;
  }
  static const eval::BoardRow& row(const std::string& name) {
    for (const eval::BoardRow& candidate : board_->rows) {
      if (candidate.name == name) {
        return candidate;
      }
    }
    throw std::runtime_error("no row " + name);
  }
  static TempFolder* folder_;
  static eval::Board* board_;
};
TempFolder* Boards::folder_ = nullptr;
eval::Board* Boards::board_ = nullptr;

TEST_F(Boards, CellsHoldIntervalsPapersNumbersAndDifferences) {
  const eval::BoardCell& real = row("real").cells[1];
  EXPECT_LE(real.ours.low, real.ours.value);
  EXPECT_GE(real.ours.high, real.ours.value);
  EXPECT_LT(real.ours.low, real.ours.high);
  EXPECT_EQ(row("frozen").cells[0].paper, 0.25);
  EXPECT_EQ(row("frozen").cells[0].ours.value, 0.0);
  EXPECT_TRUE(row("frozen").cells[3].ahead.excludes(0.0));    // all of it is slow, replay is not
  EXPECT_TRUE(std::isnan(row("real").cells[3].ahead.value));  // a reference is not raced
  EXPECT_TRUE(std::isnan(row("edge").cells[0].ours.value));
  EXPECT_EQ(row("edge").cells[0].paper, 0.547);
}

TEST_F(Boards, EveryFormatShowsWhatIsMissing) {
  for (const char* format : {"text", "md", "csv", "tex", "json"}) {
    const std::string text = eval::render(*board_, format);
    EXPECT_THAT(text, HasSubstr("no such method here yet")) << format;
    EXPECT_THAT(text, HasSubstr("0.547")) << format;
    EXPECT_THAT(text, Not(HasSubstr("nan"))) << format;
  }
  EXPECT_THAT(eval::render(*board_, "text"), HasSubstr("paper 0.25, -0.25"));
  EXPECT_THAT(eval::render(*board_, "tex"), HasSubstr("EDGE, \\& co."));
  EXPECT_THAT(eval::render(*board_, "csv"), HasSubstr("\"EDGE, & co.\",bc"));
  EXPECT_THAT(error_of([] { eval::render(*board_, "pdf"); }), HasSubstr("must be text, md"));
}

TEST_F(Boards, BarsAndHatsOfTitlesAreText) {
  eval::Board hats = *board_;
  hats.cards[0].title = "|I-I^|";
  hats.cards[1].title = "|I-I~|";
  EXPECT_THAT(eval::render(hats, "md"), HasSubstr("| | \\|I-I^\\| ("));
  EXPECT_THAT(eval::render(hats, "tex"), HasSubstr("$|$I-I\\^{}$|$"));
  EXPECT_THAT(eval::render(hats, "tex"), HasSubstr("$|$I-I\\~{}$|$"));
}

TEST_F(Boards, ColumnsThatSayNothingAreGrey) {
  eval::Board grey = *board_;
  grey.informative[0] = false;
  EXPECT_THAT(eval::render(grey, "text"), HasSubstr("uninformative here"));
  EXPECT_THAT(eval::render(grey, "tex"), HasSubstr("\\textcolor{gray}"));
  EXPECT_TRUE(board_->informative[2]);  // another song never changes PFD
  EXPECT_TRUE(board_->informative[1]);  // the corpus is danced on the beat
}

TEST_F(Boards, JsonReadsBackAndUnlikeCardsAreRefused) {
  util::write_text(*folder_ / "board.json", eval::render(*board_, "json"));
  const eval::Board back = eval::read_board(*folder_ / "board.json");
  EXPECT_EQ(eval::render(back, "text"), eval::render(*board_, "text"));
  eval::Board now = *board_;
  eval::compare(now, back, false);
  EXPECT_THAT(now.notes, SizeIs(8 * 4));
  EXPECT_THAT(now.notes[0], HasSubstr("(+0)"));
  eval::Board other = back;
  other.cards[0].constants["sigma"] = 0.05;
  EXPECT_THAT(error_of([&] { eval::compare(now, other, false); }), HasSubstr("sigma 0.1 against 0.05"));
  eval::compare(now, other, true);
  EXPECT_THAT(now.notes.back(), Not(HasSubstr("UNLIKE")));
  EXPECT_THAT(eval::render(now, "text"), HasSubstr("UNLIKE: bc: sigma"));
  util::write_text(*folder_ / "bad.json", "{\"title\": 3}");
  EXPECT_THAT(error_of([&] { eval::read_board(*folder_ / "bad.json"); }), HasSubstr("bad.json: must be a table"));
}

TEST_F(Boards, Gates) {
  const auto found = [](const std::string& text) { return eval::violations(*board_, eval::parse_gate(text)); };
  EXPECT_THAT(found("slow_share<0.9"), SizeIs(1));     // replay moves
  EXPECT_THAT(found("slow_share > 0.9"), SizeIs(1));   // frozen does not; statues are references
  EXPECT_THAT(found("edge.slow_share<0"), SizeIs(1));  // missing, and asked for by name
  EXPECT_THAT(found("frozen.slow_share>=1"), SizeIs(1));
  EXPECT_THAT(found("frozen.slow_share>1"), IsEmpty());
  EXPECT_THAT(found("real.bc<=0.1"), IsEmpty());
  EXPECT_THAT(found("nobody.bc<=0.1"), SizeIs(1));
  EXPECT_THAT(found("mmd<0"), SizeIs(1));  // not on the board
  for (const char* bad : {"bc", "bc<", "<0.3", "bc<x", "bc=0.3"}) {
    EXPECT_THAT(error_of([&] { eval::parse_gate(bad); }), HasSubstr("expects METRIC<NUMBER")) << bad;
  }
  EXPECT_THAT(error_of([] { eval::parse_gate("bcc<0.3"); }), HasSubstr("unknown"));
  const auto checked = [](const std::string& text) {
    return error_of([&] { eval::check_gate(eval::parse_gate(text), {"real", "replay"}, {"bc", "pfd"}); });
  };
  EXPECT_EQ(checked("replay.pfd>1"), "");
  EXPECT_EQ(checked("bc<0.1"), "");
  EXPECT_THAT(checked("reply.bc<0.1"),
              HasSubstr("must name a row of the table, got 'reply' (did you mean 'replay'?); there are real, replay"));
  EXPECT_THAT(checked("slow_share<0"),
              HasSubstr("must ask for a column of the table, got 'slow_share'; there are bc, pfd; --metrics"));
}

TEST(TableConfigTest, TheShippedTablesRead) {
  const std::string folder = std::string(STG_SOURCE_DIR) + "/configs/tables/";
  for (const char* name : {"table1.yaml", "table2.yaml", "table3.yaml", "table4.yaml", "table5.yaml",
                           "table3_small.yaml", "table4_small.yaml", "table5_small.yaml", "table5_ours.yaml"}) {
    const eval::TableConfig table = eval::read_table(folder + name);
    EXPECT_GE(table.rows.size(), table.videos() ? 5U : 8U) << name;
    for (const eval::TableRun& run : eval::table_runs(table, "runs", "data/x", {})) {
      EXPECT_EQ(error_of([&] { eval::check_run(table, run, "any data"); }), "") << run.command;
    }
  }
  const eval::TableConfig four = eval::read_table(folder + "table4.yaml");
  EXPECT_EQ(four.rows.front().paper.at("pfd"), 653.8);
  EXPECT_EQ(four.rows.size(), 10U);
  EXPECT_EQ(eval::read_table(eval::find_table("5")).rows[4].paper.at("fvd"), 45.4);
  // The paper prints no preference of vid2vid's.
  std::vector<std::string> preferred;
  for (const eval::TableRow& row : eval::read_table(eval::find_table("3")).rows) {
    if (row.paper.contains("preference")) {
      preferred.push_back(row.name);
    }
  }
  EXPECT_THAT(preferred, testing::ElementsAre("pix2pixhd", "s2_4"));
  const auto runs = eval::table_runs(four, "r", "d", {"model.noise.sigma=0.5"});
  EXPECT_EQ(runs.size(), 50U);
  EXPECT_EQ(runs[1].options.run_name, "s1_1-seed2");
  EXPECT_THAT(runs[1].command, HasSubstr("seed=2 data.root=d --runs-dir r --run-name s1_1-seed2"));
  EXPECT_FALSE(runs[1].finished);
  // What rows need is trained before them, where its folder is.
  const eval::TableConfig small = eval::read_table(folder + "table4_small.yaml");
  const auto needed = eval::needed_runs(small, {"train.threads=1"});
  ASSERT_EQ(needed.size(), 1U);
  EXPECT_THAT(needed[0].command, HasSubstr("train.threads=1 --runs-dir runs --run-name perceptual_small"));
}

TEST(TableConfigTest, ErrorsNameTheirPlace) {
  const TempFolder folder;
  const auto error = [&](const std::string& text) {
    util::write_text(folder / "t.yaml", text);
    return error_of([&] { eval::read_table(folder / "t.yaml"); });
  };
  const std::string good = "metrics: [bc]\nrows:\n  a: {label: A}\n";
  EXPECT_EQ(error(good), "");
  EXPECT_THAT(error("metrics: [bcc]\nrows:\n  a: {label: A}\n"), HasSubstr("t.yaml:1:"));
  EXPECT_THAT(error("metrics: [bc]\nrows:\n  a: {labl: A}\n"), HasSubstr("label"));
  EXPECT_THAT(error("metrics: [bc]\nrows:\n  a: {label: A, colour: 3}\n"), HasSubstr("unknown key 'rows.a.colour'"));
  EXPECT_THAT(error("metrics: [bc]\nrows:\n  a: {label: A, config: no.yaml}\n"), HasSubstr("existing configuration"));
  EXPECT_THAT(error("metrics: [bc]\nrows:\n  a: {label: A, paper: {pfd: 3}}\n"),
              HasSubstr("none of the table's metrics"));
  EXPECT_THAT(error(good + "against: b\n"), HasSubstr("'against' must name a row"));
  EXPECT_THAT(error("metrics: [bc]\n"), HasSubstr("needs 'metrics' and 'rows'"));
  EXPECT_EQ(error("task: skeleton_to_video\nmetrics: [fid]\nsize: 64\nrows:\n  a: {label: A}\n"), "");
  EXPECT_THAT(error("task: skeleton_to_video\nmetrics: [bc]\nrows:\n  a: {label: A}\n"),
              HasSubstr("video metric 'bc' is unknown"));
  const std::string videos = "task: skeleton_to_video\nmetrics: [fid]\nrows:\n  a: {label: A}\n";
  EXPECT_THAT(error(videos + "  b: {label: B, runs_of: a}\n"), HasSubstr("a row above this one that has a 'config'"));
  EXPECT_THAT(error(good + "  b: {label: B, runs_of: a}\n"), HasSubstr("runs_of")) << "a way to make videos";
  EXPECT_THAT(error(good + "needs: {runs/p: {config: no.yaml}}\n"), HasSubstr("existing configuration"));
  EXPECT_THAT(error(good + "size: 64\n"), HasSubstr("unknown key 'size'"));
  EXPECT_THAT(error_of([] { eval::find_table("7"); }), HasSubstr("must be 1 to 5 or a file"));
}

}  // namespace
}  // namespace stgmamba::test
