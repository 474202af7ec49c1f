// SPDX-License-Identifier: MIT
#include "stgmamba/train/style_classifier.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/train/verify_resume.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using test::exit_code_of;

class Classifier : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    test::make_small_dataset(folder_ / "data");
  }
  TrainOptions options(const std::string& name, std::vector<std::string> more) const {
    TrainOptions options = test::small_options(folder_.path());
    util::write_text(folder_ / "classifier.yaml",
                     "task: style_classifier\nseed: 3\ndevice: cpu\ndata: {root: " + (folder_ / "data").string() +
                         ", frames: 40, batch_size: 8, workers: 0, epoch_samples: 32}\n"
                         "model: {name: st_gcn, width: 0.125}\noptim: {lr: 0.003}\n"
                         "train: {steps: 40, threads: 1}\n"
                         "checkpoint: {metric: val/accuracy, direction: larger}\n"
                         "eval: {every: 40, windows_per_take: 0}\n");
    options.config = (folder_ / "classifier.yaml").string();
    options.run_name = name;
    options.overrides = std::move(more);
    return options;
  }
  TrainSummary train(const std::string& name, std::vector<std::string> more = {}) const {
    return run_training(options(name, std::move(more)));
  }
  test::TempFolder folder_;
};

TEST_F(Classifier, LearnsToTellDamagesApartAndServesTheLoss) {
  const TrainSummary summary = train("classifier", {"train.steps=160", "eval.every=160", "log.sample_every=160"});
  EXPECT_GT(summary.validation.at("val/accuracy"), 0.6);  // chance is 1/6
  EXPECT_TRUE(summary.validation.count("val/accuracy_jitter"));
  const io::Json table = io::read_json(summary.run / "samples" / io::checkpoint_name(160) / "confusion.json");
  EXPECT_EQ(table.at("labels").size(), 6U);
  EXPECT_EQ(table.at("counts")[5].size(), 6U);

  TrainOptions dance = test::small_options(
      folder_.path(), {"loss.perceptual.weight=1", "loss.perceptual.width=0.125", "train.steps=1", "eval.every=0",
                       "loss.perceptual.weights=" + (folder_ / "runs" / "classifier").string()});
  dance.run_name = "dance";
  EXPECT_EQ(test::error_of([&] { run_training(dance); }), "");
  EXPECT_TRUE(
      io::read_json_lines(folder_ / "runs" / "dance" / "metrics.jsonl").back().contains("generator/perceptual"));
}

TEST_F(Classifier, ResumesBitEqual) {
  const ResumeProof proof = verify_resume(
      options("x", {}), 2, [](const TrainOptions& session) { return exit_code_of([&] { run_training(session); }); });
  EXPECT_TRUE(proof.equal);
  EXPECT_GT(proof.moved, 0.0);
}

TEST_F(Classifier, EveryKindOfLabelCounts) {
  const Scalars pretext = train("pretext").validation;
  const Scalars style = train("style", {"classifier.labels=style"}).validation;
  const Scalars source =
      train("source", {"classifier.labels=source", "classifier.classes=4", "eval.split=train"}).validation;
  EXPECT_TRUE(style.count("val/accuracy_ballet") || style.count("val/accuracy_popping"));
  EXPECT_EQ(source.size(), 2U);
  EXPECT_NE(pretext.at("val/loss"), style.at("val/loss"));
  EXPECT_NE(style.at("val/loss"), source.at("val/loss"));
  EXPECT_NE(train("more", {"classifier.classes=9"}).validation.at("val/loss"), pretext.at("val/loss"));
  EXPECT_NE(train("dropped", {"model.dropout=0.5"}).validation.at("val/loss"), pretext.at("val/loss"));
}

TEST_F(Classifier, RefusesWhatItCannotLearn) {
  EXPECT_EQ(exit_code_of([&] { train("a", {"classifier.labels=source"}); }), 3);                          // how many?
  EXPECT_EQ(exit_code_of([&] { train("b", {"classifier.labels=source", "classifier.classes=3"}); }), 3);  // there are 4
  EXPECT_EQ(exit_code_of([&] { train("c", {"classifier.labels=source", "classifier.classes=4"}); }), 3);  // unseen ones
  EXPECT_EQ(exit_code_of([&] { train("d", {"classifier.labels=style", "data.styles=[popping]"}); }), 3);
  EXPECT_EQ(exit_code_of([&] { train("e", {"classifier.classes=5"}); }), 3);
  EXPECT_EQ(exit_code_of([&] { train("f", {"data.frames=3"}); }), 3);
  EXPECT_EQ(exit_code_of([&] { train("g", {"checkpoint.metric=val/l1"}); }), 3);
}

}  // namespace
}  // namespace stgmamba::train
