// SPDX-License-Identifier: MIT
#include "stgmamba/train/run_folder.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::TempFolder;

/// The least a task can be: the trainer's side must not need more.
class LineTask : public Task {
 public:
  LineTask() {
    torch::manual_seed(5);
    layer_ = torch::nn::Linear(3, 2);
    add_network("line", layer_.ptr());
    add_optimiser("line", std::make_shared<Optimiser>(*layer_, OptimConfig{}, ScheduleConfig{}));
  }
  void prepare(const data::Dataset&, const data::DataConfig&, bool) override {}
  std::vector<Stage> stages() const override { return {{"line", "line"}}; }
  StageLoss stage_loss(const Stage&, const data::Batch&, const StepContext&) override {
    return {layer_->forward(torch::ones({1, 3})).pow(2).sum(), {{"part", 2.0}}};
  }
  std::vector<std::string> validation_metrics() const override { return {"val/x"}; }
  std::optional<Scalars> validate(const StopCheck&) override { return Scalars{}; }
  bool sample(const fs::path&, std::int64_t, const StopCheck&) override { return true; }
  torch::nn::Linear layer_{nullptr};
};

const RunIdentity kIdentity{"config-a", "data-a", 3};
const CheckpointConfig kConfig{.every = 1, .keep_last = 2, .keep_best = 1, .metric = "val/x", .direction = "smaller"};

RunState state_at(std::int64_t step, std::optional<double> metric = std::nullopt) {
  RunState state;
  state.step = step;
  state.validated = metric ? step : -1;
  state.metric_name = "val/x";
  state.metric = metric;
  return state;
}

TEST(RunFolder, SavesAndRestoresEverything) {
  const TempFolder folder;
  LineTask task;
  const StepResult result = task.step({}, {});
  EXPECT_TRUE(result.skipped.empty());
  EXPECT_GT(result.scalars.at("line/loss"), 0.0);
  EXPECT_EQ(result.scalars.at("line/part"), 2.0);
  RunFolder run(folder / "run", kIdentity);
  RunState state = state_at(12, 0.5);
  state.bad_steps = 2;
  state.best_metric = 0.25;
  const fs::path saved = run.save(task, state, kConfig);
  EXPECT_EQ(saved.filename(), "step_000000012");
  EXPECT_EQ(util::read_text(run.path() / "last"), "step_000000012\n");

  LineTask other;
  EXPECT_FALSE(torch::equal(other.layer_->weight, task.layer_->weight));
  const RunState loaded = run.load(saved, other);
  EXPECT_TRUE(torch::equal(other.layer_->weight, task.layer_->weight));
  EXPECT_EQ(loaded.step, 12);
  EXPECT_EQ(loaded.bad_steps, 2);
  EXPECT_EQ(loaded.metric, 0.5);
  EXPECT_EQ(loaded.best_metric, 0.25);
  // The moments came along: the next step is the same.
  task.step({}, {});
  other.step({}, {});
  EXPECT_TRUE(torch::equal(other.layer_->weight, task.layer_->weight));
}

TEST(RunFolder, PrunesButKeepsLastAndBest) {
  const TempFolder folder;
  LineTask task;
  RunFolder run(folder / "run", kIdentity);
  const std::vector<double> metrics = {0.9, 0.2, 0.5, 0.4, 0.3};
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    run.save(task, state_at(static_cast<std::int64_t>(i + 1), metrics[i]), kConfig);
  }
  EXPECT_EQ(io::checkpoint_steps(run.path()), (std::vector<std::int64_t>{2, 4, 5}));
  EXPECT_EQ(util::read_text(run.path() / "best"), "step_000000002\n");
  EXPECT_EQ(io::find_checkpoint(run.path(), "best").filename(), "step_000000002");
}

TEST(RunFolder, ResumesAtTheNewestWholeCheckpoint) {
  const TempFolder folder;
  LineTask task;
  RunFolder run(folder / "run", kIdentity);
  run.save(task, state_at(1), kConfig);
  const fs::path second = run.save(task, state_at(2), kConfig);
  EXPECT_EQ(run.checkpoint_to_resume("auto"), second);
  std::string bytes = util::read_text(second / "line.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // one flipped bit
  util::write_text(second / "line.safetensors", bytes);
  EXPECT_EQ(run.checkpoint_to_resume("auto")->filename(), "step_000000001");
  // Reaching that step again replaces the damaged one.
  run.save(task, state_at(2), kConfig);
  EXPECT_EQ(run.checkpoint_to_resume("auto"), second);
  fs::remove(second / "COMPLETE");  // torn
  EXPECT_EQ(run.checkpoint_to_resume("auto")->filename(), "step_000000001");
  EXPECT_EQ(exit_code_of([&] { run.checkpoint_to_resume("2"); }), 5);
}

TEST(RunFolder, ADamagedCheckpointDoesNotStopLaterSaves) {
  const TempFolder folder;
  LineTask task;
  RunFolder run(folder / "run", kIdentity);
  for (const char* state : {"{\"step\": 2", "[]"}) {
    const fs::path damaged = run.save(task, state_at(2), kConfig);
    util::write_text(damaged / "state.json", state);
    EXPECT_NO_THROW(run.save(task, state_at(1), kConfig));
    EXPECT_EQ(run.checkpoint_to_resume("auto")->filename(), "step_000000001");
  }
}

TEST(RunFolder, NeverAndRewind) {
  const TempFolder folder;
  LineTask task;
  RunFolder run(folder / "run", kIdentity);
  EXPECT_FALSE(run.checkpoint_to_resume("never"));
  run.save(task, state_at(1), kConfig);
  run.save(task, state_at(2), kConfig);
  EXPECT_EQ(exit_code_of([&] { run.checkpoint_to_resume("never"); }), 3);
  EXPECT_EQ(run.checkpoint_to_resume("1")->filename(), "step_000000001");
  EXPECT_EQ(io::checkpoint_steps(run.path()), (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(fs::exists(run.path() / "rewound" / "step_000000002" / "COMPLETE"));
}

TEST(RunFolder, OneProcessOneConfiguration) {
  const TempFolder folder;
  {
    RunFolder run(folder / "run", kIdentity);
    run.record_session("stg_train", "cpu", "task: x\n", 0, 1);
    EXPECT_EQ(exit_code_of([&] { RunFolder second(folder / "run", kIdentity); }), 7);
    run.record_finish(4);
  }
  EXPECT_TRUE(io::read_json(folder / "run" / "run.json").at("finished").get<bool>());
  RunIdentity other = kIdentity;
  other.config_hash = "config-b";
  const std::string message = error_of([&] { RunFolder run(folder / "run", other); });
  EXPECT_NE(message.find("another configuration"), std::string::npos) << message;
  EXPECT_EQ(exit_code_of([&] { RunFolder run(folder / "run", other); }), 3);
  other = kIdentity;
  other.data_hash = "data-b";
  EXPECT_EQ(exit_code_of([&] { RunFolder run(folder / "run", other); }), 3);
}

TEST(RunFolder, RemovesWhatAKilledSaveLeft) {
  const TempFolder folder;
  const fs::path left = folder / "run" / "checkpoints" / ".step_000000009.1-0.part";
  fs::create_directories(left);
  RunFolder run(folder / "run", kIdentity);
  EXPECT_FALSE(fs::exists(left));
}

TEST(RunFolder, AnotherModelIsRefused) {
  const TempFolder folder;
  LineTask task;
  RunFolder run(folder / "run", kIdentity);
  const fs::path saved = run.save(task, state_at(1), kConfig);
  class WideTask : public LineTask {
   public:
    WideTask() { add_network("extra", torch::nn::Linear(4, 4).ptr()); }
  } wide;
  EXPECT_EQ(exit_code_of([&] { run.load(saved, wide); }), 5);
}

TEST(IdentityHash, LeavesOutWhatMayChange) {
  const std::string base =
      "seed: 1\ndata:\n  root: a\n  workers: 2\noptim:\n  lr: 0.1\ntrain:\n  steps: 5\nlog:\n  every: 1\n";
  const auto with = [&base](const std::string& from, const std::string& to) {
    std::string text = base;
    text.replace(text.find(from), from.size(), to);
    return identity_hash(text);
  };
  EXPECT_EQ(with("workers: 2", "workers: 9"), identity_hash(base));
  EXPECT_EQ(with("root: a", "root: b"), identity_hash(base));
  EXPECT_EQ(with("steps: 5", "steps: 50"), identity_hash(base));
  EXPECT_EQ(with("every: 1", "every: 7"), identity_hash(base));
  EXPECT_NE(with("lr: 0.1", "lr: 0.2"), identity_hash(base));
  EXPECT_NE(with("seed: 1", "seed: 2"), identity_hash(base));
}

}  // namespace
}  // namespace stgmamba::train
