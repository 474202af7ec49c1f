// SPDX-License-Identifier: MIT
// A run whose music encoder first learns where beats are.
#include "train/beat_warm_up.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/train/verify_resume.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using torch::Tensor;

TEST(BeatTargets, AreOneOnABeatAndHalfAFrameAwayOnBothSides) {
  data::Batch batch;
  batch.size = 2;
  batch.frames = 5;
  batch.beats = {{0.1, 0.35}, {}};
  const Tensor targets = beat_targets(batch);
  const double half = std::exp(-0.5);
  const std::vector<double> wanted = {std::exp(-2.0), 1.0, std::exp(-2.0), half, half};
  for (std::int64_t f = 0; f < 5; ++f) {
    EXPECT_NEAR(targets[0][f].item<double>(), wanted[static_cast<std::size_t>(f)], 1e-6) << f;
    EXPECT_EQ(targets[1][f].item<double>(), 0.0);
  }
}

TEST(BeatLoss, IsLeastWhereTheFirstChannelKnows) {
  const Tensor targets = torch::tensor({{0.0, 1.0, 0.0, 1.0}});
  Tensor knows = torch::zeros({1, 4, 3}), wrong = torch::zeros({1, 4, 3});
  knows.select(2, 0).copy_(10 * targets - 5);
  wrong.select(2, 0).copy_(5 - 10 * targets);
  wrong.select(2, 1).copy_(10 * targets - 5);  // another channel does not count
  EXPECT_NEAR(beat_loss(knows, targets).item<double>(), std::log1p(std::exp(-5.0)), 1e-6);
  EXPECT_NEAR(beat_loss(wrong, targets).item<double>(), 5.0 + std::log1p(std::exp(-5.0)), 1e-5);
  EXPECT_NEAR(beat_correlation(knows, targets), 1.0, 1e-6);
  EXPECT_NEAR(beat_correlation(wrong, targets), -1.0, 1e-6);
  EXPECT_EQ(beat_correlation(torch::zeros({1, 4, 3}), targets), 0.0);
}

class BeatWarmUp : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    test::make_small_dataset(folder_ / "data");
  }
  TrainOptions options(const std::string& name, std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), {"eval.every=0", "checkpoint.every=1"});
    TrainOptions options = test::small_options(folder_.path(), std::move(overrides));
    options.run_name = name;
    return options;
  }
  fs::path run(const std::string& name) const { return folder_ / "runs" / name; }
  io::Safetensors weights(const std::string& name, std::int64_t step) const {
    return io::read_safetensors(run(name) / "checkpoints" / io::checkpoint_name(step) / "generator.safetensors");
  }
  io::Json row(const std::string& name, std::int64_t step) const {
    for (const io::Json& row : io::read_json_lines(run(name) / "metrics.jsonl")) {
      if (row.at("step") == step && row.at("kind") == "train") {
        return row;
      }
    }
    return {};
  }
  test::TempFolder folder_;
};

const std::vector<std::string> kListen = {"audio.init=beat_pretrained", "audio.init_steps=2", "train.steps=4",
                                          "checkpoint.keep_last=9"};

TEST_F(BeatWarmUp, TheEncoderLearnsAloneAndThenEverythingDoes) {
  run_training(options("x", kListen));
  const auto moved = [&](std::int64_t from, std::int64_t to) {
    const io::Safetensors before = weights("x", from), after = weights("x", to);
    std::map<std::string, bool> changed;  // part of the network -> whether a weight of it moved
    for (const auto& [name, tensor] : before.tensors) {
      bool& part = changed[name.substr(0, name.find('.'))];
      part = part || tensor.bytes != after.tensors.at(name).bytes;
    }
    return changed;
  };
  for (const auto& [part, changed] : moved(1, 2)) {
    EXPECT_EQ(changed, part == "audio_encoder") << part;
  }
  EXPECT_TRUE(moved(2, 3).at("head"));
  EXPECT_TRUE(row("x", 2).contains("generator/beat_correlation"));
  EXPECT_FALSE(row("x", 2).contains("generator/l1"));
  EXPECT_FALSE(row("x", 3).contains("generator/beat"));
  EXPECT_TRUE(row("x", 3).contains("generator/l1"));
}

TEST_F(BeatWarmUp, TheDanceStartsAtItsOwnStepZero) {
  std::vector<std::string> adversary = {"loss.adversarial.frame=1", "loss.adversarial.start=1",
                                        "discriminator.width=0.0625"};
  adversary.insert(adversary.end(), kListen.begin(), kListen.end());
  run_training(options("x", adversary));
  EXPECT_FALSE(row("x", 3).contains("d_frame/loss"));  // step 0 of the dance
  EXPECT_TRUE(row("x", 4).contains("d_frame/loss"));
}

/// The median pose has a small error and dances nothing: it must not become the best checkpoint.
TEST_F(BeatWarmUp, NothingIsRatedWhileItListens) {
  TrainOptions rated = options("x", kListen);
  rated.overrides.insert(rated.overrides.end(), {"eval.every=1", "checkpoint.metric=val/l1"});
  run_training(rated);
  std::vector<io::Json> seen;
  for (const io::Json& row : io::read_json_lines(run("x") / "metrics.jsonl")) {
    if (row.at("kind") == "val") {
      seen.push_back(row);
    }
  }
  ASSERT_EQ(seen.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(seen[i].contains("val/l1"), i >= 2) << i;
    EXPECT_EQ(seen[i].contains("val/beat_correlation"), i < 2) << i;
  }
  EXPECT_THAT(util::read_text(run("x") / "best"),
              testing::AnyOf(testing::HasSubstr(io::checkpoint_name(3)), testing::HasSubstr(io::checkpoint_name(4))));
}

/// A resumed run validates before its first step.
TEST_F(BeatWarmUp, NothingIsRatedWhenListeningIsResumed) {
  TrainOptions first = options("x", kListen);
  first.max_steps = 1;
  first.overrides.emplace_back("eval.every=0");
  EXPECT_EQ(exit_code_of([&] { run_training(first); }), 75);
  TrainOptions second = options("x", kListen);
  second.max_steps = 0;
  second.overrides.emplace_back("eval.every=1");
  EXPECT_EQ(exit_code_of([&] { run_training(second); }), 75);
  const std::vector<io::Json> rows = io::read_json_lines(run("x") / "metrics.jsonl");
  ASSERT_EQ(rows.back().at("kind"), "val");
  EXPECT_FALSE(rows.back().contains("val/l1"));
  EXPECT_FALSE(std::filesystem::exists(run("x") / "best"));
}

TEST_F(BeatWarmUp, LearnsWhereBeatsAre) {
  run_training(options("x", {"audio.init=beat_pretrained", "audio.init_steps=79", "train.steps=80", "optim.lr=0.003",
                             "checkpoint.every=80", "schedule.name=constant"}));
  EXPECT_LT(row("x", 79).at("generator/beat").get<double>(), row("x", 1).at("generator/beat").get<double>());
  EXPECT_GT(row("x", 79).at("generator/beat_correlation").get<double>(), 0.5);
}

TEST_F(BeatWarmUp, ResumesBitEqualAcrossTheEndOfListening) {
  const ResumeProof proof =
      verify_resume(options("x", {"audio.init=beat_pretrained", "audio.init_steps=3"}), 2,
                    [](const TrainOptions& one) { return exit_code_of([&] { run_training(one); }); });
  EXPECT_TRUE(proof.equal) << (proof.different.empty() ? "" : proof.different.front());
  EXPECT_GT(proof.moved, 0.0);
}

TEST_F(BeatWarmUp, StepsThatCannotBeAreRefused) {
  EXPECT_EQ(exit_code_of([&] { run_training(options("a", {"audio.init_steps=2"})); }), 3);
  EXPECT_EQ(exit_code_of([&] { run_training(options("b", {"audio.init=beat_pretrained", "audio.init_steps=0"})); }), 3);
  EXPECT_EQ(exit_code_of([&] { run_training(options("c", {"audio.init=beats"})); }), 3);
  EXPECT_THAT(error_of([&] {
                run_training(options("d", {"audio.init=beat_pretrained", "audio.init_steps=4", "train.steps=4"}));
              }),
              testing::HasSubstr("'audio.init_steps' must be less than train.steps, 4, got '4'"));
}

}  // namespace
}  // namespace stgmamba::train
