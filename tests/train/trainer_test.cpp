// SPDX-License-Identifier: MIT
// Whole runs of a tiny model: what is saved, what a resume continues, what a failure leaves.
#include "stgmamba/train/trainer.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/io/pth.hpp"
#include "stgmamba/train/verify_resume.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::same_tensors;
using test::small_options;
using testing::HasSubstr;

class Trainer : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    test::make_small_dataset(folder_ / "data");
  }
  fs::path run(const std::string& name = "small") const { return folder_ / "runs" / name; }
  fs::path checkpoint(const std::string& name, std::int64_t step) const {
    return run(name) / "checkpoints" / io::checkpoint_name(step);
  }
  test::TempFolder folder_;
};

TEST_F(Trainer, ARunLeavesWhatItPromises) {
  const TrainSummary summary = run_training(small_options(folder_.path(), {"log.sample_every=6"}));
  EXPECT_EQ(summary.step, 6);
  EXPECT_EQ(summary.checkpoint, checkpoint("small", 6));
  for (const char* name : {"run.json", "config.yaml", "metrics.jsonl", "last", "best"}) {
    EXPECT_TRUE(fs::exists(run() / name)) << name;
  }
  EXPECT_EQ(io::checkpoint_damage(checkpoint("small", 6)), "");
  EXPECT_TRUE(fs::exists(checkpoint("small", 6) / "generator.safetensors"));
  EXPECT_TRUE(fs::exists(run() / "samples" / io::checkpoint_name(6) / "take4.mp4"));
  const std::vector<io::Json> rows = io::read_json_lines(run() / "metrics.jsonl");
  int train = 0, val = 0;
  for (const io::Json& row : rows) {
    train += row.at("kind") == "train" ? 1 : 0;
    val += row.at("kind") == "val" ? 1 : 0;
  }
  EXPECT_EQ(train, 6);
  EXPECT_EQ(val, 2);
  for (const char* name : {"val/l1", "val/l1_ratio", "val/speed_ratio", "val/jerk_ratio", "val/bc", "val/bc_star"}) {
    EXPECT_TRUE(summary.validation.count(name)) << name;
  }
  // Run again: nothing left to do, nothing changes.
  EXPECT_EQ(run_training(small_options(folder_.path(), {"log.sample_every=6"})).start_step, 6);
}

TEST_F(Trainer, TheFirstOutputIsTheMedianPose) {
  TrainOptions options = small_options(folder_.path(), {"train.steps=1", "eval.every=1", "optim.lr=1e-12"});
  const TrainSummary summary = run_training(options);
  EXPECT_NEAR(summary.validation.at("val/l1_ratio"), 1.0, 0.05);
}

TEST_F(Trainer, ResumeIsBitEqualWithAnyNumberOfWorkers) {
  TrainOptions straight = small_options(folder_.path());
  straight.run_name = "straight";
  run_training(straight);
  TrainOptions halves = small_options(folder_.path(), {"data.workers=1"});
  halves.run_name = "halves";
  halves.max_steps = 4;  // not at a checkpoint interval, inside the second epoch
  EXPECT_EQ(exit_code_of([&] { run_training(halves); }), 75);
  EXPECT_EQ(io::checkpoint_damage(checkpoint("halves", 4)), "");
  halves.overrides = {"data.workers=3"};
  halves.max_steps = -1;
  EXPECT_EQ(run_training(halves).start_step, 4);
  EXPECT_TRUE(same_tensors(checkpoint("straight", 6), checkpoint("halves", 6)));
  EXPECT_FALSE(same_tensors(checkpoint("straight", 6), checkpoint("straight", 3)));
}

TEST_F(Trainer, ATornOrChangedCheckpointFallsBackAndEndsTheSame) {
  run_training(small_options(folder_.path()));
  const std::string before = util::read_text(checkpoint("small", 6) / "generator.safetensors");
  std::string bytes = before;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 16);
  util::write_text(checkpoint("small", 6) / "generator.safetensors", bytes);
  EXPECT_EQ(run_training(small_options(folder_.path())).start_step, 3);
  EXPECT_EQ(util::read_text(checkpoint("small", 6) / "generator.safetensors"), before);
  fs::remove(checkpoint("small", 6) / "COMPLETE");
  EXPECT_EQ(run_training(small_options(folder_.path())).start_step, 3);
  EXPECT_EQ(util::read_text(checkpoint("small", 6) / "generator.safetensors"), before);
  // The log holds each step once.
  int validations = 0;
  for (const io::Json& row : io::read_json_lines(run() / "metrics.jsonl")) {
    validations += row.at("kind") == "val" ? 1 : 0;
  }
  EXPECT_EQ(validations, 2);
}

TEST_F(Trainer, AnotherConfigurationIsRefusedButALongerRunIsNot) {
  run_training(small_options(folder_.path(), {"train.steps=2"}));
  const auto other = [&] { run_training(small_options(folder_.path(), {"train.steps=2", "optim.lr=0.5"})); };
  EXPECT_EQ(exit_code_of(other), 3);
  EXPECT_THAT(error_of(other), HasSubstr("another configuration (optim.lr: 0.001 there, 0.5 now); choose another"));
  EXPECT_EQ(run_training(small_options(folder_.path(), {"train.steps=3"})).start_step, 2);
  TrainOptions again = small_options(folder_.path(), {"train.steps=3"});
  again.resume = "never";
  EXPECT_EQ(exit_code_of([&] { run_training(again); }), 3);
}

/// As a build left it that had no train.ema and no loss.energy_score.
TEST_F(Trainer, RunsOfAnOlderBuildGoOn) {
  run_training(small_options(folder_.path(), {"train.steps=2"}));
  std::string older;
  std::istringstream lines(util::read_text(run() / "config.yaml"));
  for (std::string line; std::getline(lines, line);) {
    const bool newer = line.find(" ema:") != std::string::npos || line.find(" energy_score:") != std::string::npos;
    older += newer ? "" : line + "\n";
  }
  util::write_text(run() / "config.yaml", older);
  io::Json record = io::read_json(run() / "run.json");
  ASSERT_NE(record.at("config_hash"), identity_hash(older));
  record["config_hash"] = identity_hash(older);
  io::write_json(run() / "run.json", record);
  const fs::path checkpoint = run() / "checkpoints" / io::checkpoint_name(2);
  io::Json state = io::read_json(checkpoint / "state.json");
  state["config_hash"] = identity_hash(older);
  io::write_json(checkpoint / "state.json", state);
  util::write_text(checkpoint / "config.yaml", older);
  io::seal_checkpoint(checkpoint);
  const auto go_on = [&](const std::vector<std::string>& overrides) {
    return exit_code_of([&] { run_training(small_options(folder_.path(), overrides)); });
  };
  EXPECT_EQ(go_on({"train.steps=3", "train.ema=0.9"}), 3);  // the new option is asked for: another run
  EXPECT_EQ(go_on({"train.steps=3", "optim.lr=0.5"}), 3);
  util::write_text(run() / "config.yaml", older + "# touched\nseed: 8\n");
  EXPECT_EQ(go_on({"train.steps=3", "seed=8"}), 3);  // a configuration that was not trained says nothing
  util::write_text(run() / "config.yaml", older);
  EXPECT_EQ(run_training(small_options(folder_.path(), {"train.steps=3"})).start_step, 2);
}

TEST_F(Trainer, StopRequestsSaveAndEnd) {
  util::request_stop();
  const int code = exit_code_of([&] { run_training(small_options(folder_.path())); });
  util::clear_stop_request();
  EXPECT_EQ(code, 75);
  EXPECT_EQ(io::checkpoint_damage(checkpoint("small", 0)), "");
  TrainOptions timed = small_options(folder_.path());
  timed.max_seconds = 1e-3;
  EXPECT_EQ(exit_code_of([&] { run_training(timed); }), 75);
  EXPECT_EQ(run_training(small_options(folder_.path())).step, 6);
}

TEST_F(Trainer, DivergenceStopsAndNamesTheBatch) {
  const std::vector<std::string> wild = {"optim.lr=1e38", "optim.clip_norm=0", "train.steps=30",
                                         "train.max_bad_steps=3", "eval.every=0"};
  EXPECT_EQ(exit_code_of([&] { run_training(small_options(folder_.path(), wild)); }), 6);
  ASSERT_TRUE(fs::exists(run() / "crash"));
  const fs::path report = fs::directory_iterator(run() / "crash")->path();
  EXPECT_EQ(io::read_json(report).at("batch").at("take").size(), 4U);
}

TEST_F(Trainer, CheckLeavesNothing) {
  const TrainSummary summary = check_training(small_options(folder_.path()));
  EXPECT_GT(summary.parameters, 0);
  EXPECT_EQ(summary.total_steps, 6);
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
  check_training(small_options(folder_.path(), {"data.beats=tracker", "model.music.features=mel_onset_beat"}));
  EXPECT_FALSE(fs::exists(folder_ / "data/cache"));  // what was heard for it
  EXPECT_EQ(exit_code_of([&] { check_training(small_options(folder_.path(), {"optim.lrr=1"})); }), 3);
  EXPECT_EQ(exit_code_of([&] { check_training(small_options(folder_.path(), {"data.root=nowhere"})); }), 4);
  EXPECT_EQ(exit_code_of([&] { check_training(small_options(folder_.path(), {"checkpoint.metric=val/nothing"})); }), 3);
  EXPECT_EQ(exit_code_of([&] { check_training(small_options(folder_.path(), {"device=cuda:77"})); }), 3);
}

TEST_F(Trainer, FineTuningStartsFromTheWeights) {
  run_training(small_options(folder_.path(), {"train.steps=1", "eval.every=0"}));
  TrainOptions tune = small_options(folder_.path());
  tune.run_name = "tuned";
  tune.init_from = run().string();
  tune.max_steps = 0;
  EXPECT_EQ(exit_code_of([&] { run_training(tune); }), 75);
  EXPECT_EQ(util::read_text(checkpoint("tuned", 0) / "generator.safetensors"),
            util::read_text(checkpoint("small", 1) / "generator.safetensors"));
  tune.run_name = "missing";
  tune.init_from = (folder_ / "nothing.safetensors").string();
  EXPECT_EQ(exit_code_of([&] { run_training(tune); }), 5);
}

TEST_F(Trainer, FineTuningTakesPyTorchFilesThroughANameMap) {
  run_training(small_options(folder_.path(), {"train.steps=1", "eval.every=0"}));
  const fs::path trained = checkpoint("small", 1) / "generator.safetensors";
  weights::Arrays other;
  for (const auto& [name, array] : weights::read_weights(trained)) {
    other.emplace("module." + name, array);
  }
  const std::string left_out = other.begin()->first.substr(7);
  other.erase(other.begin());
  io::write_pth(folder_ / "theirs.pth", other);
  TrainOptions tune = small_options(folder_.path());
  tune.run_name = "tuned";
  tune.init_from = (folder_ / "theirs.pth").string();
  tune.max_steps = 0;
  EXPECT_EQ(exit_code_of([&] { run_training(tune); }), 5);  // no name fits
  fs::remove_all(folder_ / "runs/tuned");
  util::write_text(folder_ / "rules.txt", "strip module.  # of DataParallel\n");
  tune.init_map = (folder_ / "rules.txt").string();
  EXPECT_THAT(error_of([&] { run_training(tune); }), HasSubstr("1 missing: " + left_out));
  fs::remove_all(folder_ / "runs/tuned");
  tune.allow_missing = {left_out.substr(0, left_out.size() - 1) + "*"};
  EXPECT_EQ(exit_code_of([&] { run_training(tune); }), 75);
  const weights::Arrays got = weights::read_weights(checkpoint("tuned", 0) / "generator.safetensors");
  for (const auto& [name, array] : weights::read_weights(trained)) {
    EXPECT_TRUE(name == left_out || got.at(name).bytes == array.bytes) << name;
  }
  EXPECT_EQ(exit_code_of([&] { check_training(small_options(folder_.path(), {"train.init_map=mdvs"})); }), 3);
  tune.init_from = STG_SOURCE_DIR "/tests/golden/pth/refused.pth";
  tune.run_name = "refused";
  EXPECT_THAT(error_of([&] { check_training(tune); }), HasSubstr("argparse.Namespace"));
}

TEST_F(Trainer, VerifyResumeProves) {
  const ResumeProof proof = verify_resume(small_options(folder_.path()), 2, [](const TrainOptions& session) {
    return exit_code_of([&] { run_training(session); });
  });
  EXPECT_TRUE(proof.equal);
  EXPECT_GT(proof.moved, 0.0);
  EXPECT_GT(proof.tensors, 10);
  EXPECT_NE(proof.workers_first, proof.workers_second);
  for (const auto& entry : fs::directory_iterator(folder_ / "runs")) {
    ADD_FAILURE() << "left behind: " << entry.path();
  }
}

TEST_F(Trainer, OverfitsOneBatch) {
  run_training(small_options(
      folder_.path(),
      {"train.steps=320", "optim.lr=0.003", "schedule.warmup=20", "schedule.name=linear", "data.frames=12",
       "data.batch_size=2", "data.epoch_samples=2", "data.augment.offset=false", "data.augment.gain_db=0",
       "data.augment.equaliser_db=0", "data.augment.noise=0", "data.augment.stretch=0", "data.augment.mirror=0",
       "model.d=16", "eval.every=0", "checkpoint.every=1000"}));
  const double l1 = io::read_json_lines(run() / "metrics.jsonl").back().at("generator/l1").get<double>();
  RecordProperty("l1", std::to_string(l1));
  EXPECT_LT(l1, 0.02);
}

}  // namespace
}  // namespace stgmamba::train
