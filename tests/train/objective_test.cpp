// SPDX-License-Identifier: MIT
// The whole objective in training: turns, starts, resumes, what is refused, and what is not paid for.
#include "train/objective.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/train/verify_resume.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using test::exit_code_of;
using test::small_options;

std::vector<std::string> everything(std::vector<std::string> more = {}) {
  std::vector<std::string> all = {"loss.preset=mdvs",
                                  "loss.perceptual.weights=random",
                                  "loss.perceptual.width=0.0625",
                                  "discriminator.width=0.0625",
                                  "discriminator.mismatched=true",
                                  "loss.best_of_k.k=2",
                                  "loss.velocity=1",
                                  "loss.mode_seeking=0.1",
                                  "eval.every=0"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

class ObjectiveRuns : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    test::make_small_dataset(folder_ / "data");
  }
  TrainSummary train(const std::string& name, std::vector<std::string> overrides) {
    TrainOptions options = small_options(folder_.path(), std::move(overrides));
    options.run_name = name;
    return run_training(options);
  }
  fs::path checkpoint(const std::string& name, std::int64_t step) const {
    return folder_ / "runs" / name / "checkpoints" / io::checkpoint_name(step);
  }
  io::Json row(const std::string& name, std::int64_t step) const {
    for (const io::Json& row : io::read_json_lines(folder_ / "runs" / name / "metrics.jsonl")) {
      if (row.at("step") == step && row.at("kind") == "train") {
        return row;
      }
    }
    return {};
  }
  std::string bytes(const std::string& name, std::int64_t step, const std::string& network) const {
    return util::read_text(checkpoint(name, step) / (network + ".safetensors"));
  }
  test::TempFolder folder_;
};

TEST_F(ObjectiveRuns, LogsEveryTermAndEveryVerdict) {
  train("all", everything({"train.steps=2", "log.diagnose_every=2"}));
  const io::Json last = row("all", 2);
  for (const char* name : {"l1", "best", "velocity", "perceptual", "feature_matching", "adversarial_frame",
                           "adversarial_sequence", "mode_seeking"}) {
    EXPECT_TRUE(last.contains(std::string("generator/") + name)) << name;
  }
  for (const char* name : {"l1", "velocity", "perceptual", "feature_matching", "adversarial_frame",
                           "adversarial_sequence", "mode_seeking"}) {
    ASSERT_TRUE(last.contains(std::string("generator/pull_") + name)) << name;
    EXPECT_GT(last.at(std::string("generator/pull_") + name).get<double>(), 0.0) << name;
  }
  for (const char* name : {"d_frame/loss", "d_frame/accuracy_real", "d_frame/accuracy_fake", "d_seq/accuracy_real",
                           "d_seq/accuracy_fake", "d_seq/accuracy_mismatched", "d_seq/penalty"}) {
    EXPECT_TRUE(last.contains(name)) << name;
  }
  EXPECT_EQ(last.at("d_frame/lr").get<double>(), 3e-4);
  EXPECT_EQ(last.at("d_seq/lr").get<double>(), 5e-4);
  EXPECT_FALSE(row("all", 1).contains("generator/pull_l1"));
}

/// Measuring how hard the terms pull changes nothing.
TEST_F(ObjectiveRuns, DiagnosticsDoNotTouchTheStep) {
  train("watched", everything({"train.steps=2", "log.diagnose_every=1"}));
  train("alone", everything({"train.steps=2", "log.diagnose_every=0"}));
  EXPECT_TRUE(test::same_tensors(checkpoint("watched", 2), checkpoint("alone", 2)));
}

TEST_F(ObjectiveRuns, ResumeIsBitEqualWithEverythingOn) {
  const ResumeProof proof = verify_resume(small_options(folder_.path(), everything()), 2, [](const TrainOptions& one) {
    return exit_code_of([&] { run_training(one); });
  });
  EXPECT_TRUE(proof.equal) << (proof.different.empty() ? "" : proof.different.front());
  EXPECT_GT(proof.tensors, 300);  // three networks and their optimisers
  EXPECT_GT(proof.moved, 0.0);
}

TEST_F(ObjectiveRuns, WhatHasNoWeightIsNotThere) {
  train("plain", {"train.steps=1", "eval.every=0"});
  EXPECT_FALSE(fs::exists(checkpoint("plain", 1) / "d_frame.safetensors"));
  EXPECT_FALSE(fs::exists(checkpoint("plain", 1) / "d_seq.safetensors"));
  // Feature matching needs the sequence discriminator to learn, and nothing of the other.
  train("paper", everything({"loss.preset=paper_eq", "train.steps=1"}));
  EXPECT_FALSE(fs::exists(checkpoint("paper", 1) / "d_frame.safetensors"));
  EXPECT_TRUE(row("paper", 1).contains("d_seq/loss"));
  EXPECT_FALSE(row("paper", 1).contains("generator/adversarial_sequence"));
}

TEST_F(ObjectiveRuns, AdversariesWaitForTheirStart) {
  const std::vector<std::string> late = {"loss.adversarial.frame=1",
                                         "loss.adversarial.sequence=1",
                                         "loss.adversarial.start=2",
                                         "loss.adversarial.ramp=2",
                                         "discriminator.width=0.0625",
                                         "checkpoint.every=1",
                                         "checkpoint.keep_last=9",
                                         "eval.every=0",
                                         "train.steps=3"};
  train("late", late);
  train("never", {"checkpoint.every=1", "checkpoint.keep_last=9", "eval.every=0", "train.steps=3"});
  EXPECT_EQ(bytes("late", 2, "generator"), bytes("never", 2, "generator"));
  EXPECT_NE(bytes("late", 3, "generator"), bytes("never", 3, "generator"));
  for (const char* network : {"d_frame", "d_seq"}) {
    EXPECT_EQ(bytes("late", 1, network), bytes("late", 2, network)) << network;
    EXPECT_NE(bytes("late", 2, network), bytes("late", 3, network)) << network;
  }
}

/// One weight of the perceptual net is not another: a resumed run must not go on with other weights, and weights that
/// do not tell a tremble from an anatomy are refused unless asked for.
TEST_F(ObjectiveRuns, PerceptualWeightsAreHeldToAccount) {
  models::StGcn net(models::StGcnConfig{.width = 0.0625, .classes = 7});
  const fs::path good = folder_ / "good.safetensors", blind = folder_ / "blind.safetensors";
  weights::save_module(good, *net);
  {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : net->parameters()) {
      parameter.zero_();
    }
  }
  weights::save_module(blind, *net);
  const auto with = [](const fs::path& path, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"loss.perceptual.weight=1", "loss.perceptual.width=0.0625", "train.steps=1",
                                    "eval.every=0", "loss.perceptual.weights=" + path.string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  EXPECT_EQ(exit_code_of([&] { train("blind", with(blind)); }), 5);
  EXPECT_EQ(test::error_of([&] { train("forced", with(blind, {"loss.perceptual.unchecked=true"})); }), "");
  const std::vector<std::string> any = {"loss.perceptual.unchecked=true"};  // this one was never trained
  EXPECT_EQ(test::error_of([&] { train("good", with(good, any)); }), "");
  EXPECT_NE(bytes("good", 1, "generator"), bytes("forced", 1, "generator"));
  EXPECT_EQ(exit_code_of([&] { train("wide", with(good, {"loss.perceptual.width=0.125"})); }), 5);
  EXPECT_EQ(exit_code_of([&] { train("none", with(folder_ / "absent.safetensors")); }), 5);

  torch::manual_seed(9);
  weights::save_module(good, *models::StGcn(models::StGcnConfig{.width = 0.0625, .classes = 7}));
  EXPECT_EQ(exit_code_of([&] { train("good", with(good, {"loss.perceptual.unchecked=true", "train.steps=2"})); }), 5);
}

TEST_F(ObjectiveRuns, ShortClipsAreRefusedEarly) {
  EXPECT_EQ(exit_code_of([&] { train("a", {"data.frames=17", "loss.adversarial.sequence=1"}); }), 3);
  EXPECT_EQ(exit_code_of([&] { train("b", {"data.frames=4", "loss.adversarial.frame=1"}); }), 3);
  EXPECT_EQ(exit_code_of([&] { train("c", {"loss.preset=mdvs"}); }), 3);  // no perceptual weights
}

TEST(Mismatched, PairsAreOfDifferentSongs) {
  const std::map<std::string, std::string> songs = {{"a", "x"}, {"b", "x"}, {"c", "y"}, {"d", "z"}};
  EXPECT_EQ(rows_with_another_song({"a", "b", "c", "d"}, songs), (std::vector<std::int64_t>{2, 2, 3, 0}));
  EXPECT_EQ(rows_with_another_song({"a", "b"}, songs), (std::vector<std::int64_t>{-1, -1}));
}

}  // namespace
}  // namespace stgmamba::train
