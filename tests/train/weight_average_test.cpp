// SPDX-License-Identifier: MIT
// train.ema: the average by its definition, in checkpoints, across a resume, and as what validates and dances.
#include "train/weight_average.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"
#include "train/small_world.hpp"

namespace stgmamba::train {
namespace {

namespace fs = std::filesystem;
using test::exit_code_of;
using test::small_options;

TEST(WeightAverage, FollowsItsDefinition) {
  const auto network = std::make_shared<torch::nn::BatchNorm1dImpl>(3);
  const auto average = std::make_shared<torch::nn::BatchNorm1dImpl>(3);
  const torch::NoGradGuard no_gradients;
  average->weight.fill_(77.0);  // what it began with is forgotten
  WeightAverage ema(network, average, 0.2);
  const double values[] = {3.0, 5.0, -1.0, 2.0, 6.0};
  double expected = 0.0;
  for (std::int64_t step = 0; step < 5; ++step) {
    network->weight.fill_(values[step]);
    network->running_mean.fill_(10.0 * values[step]);
    network->num_batches_tracked.fill_(step + 7);
    ema.update(step);
    const double keep = std::min(0.2, static_cast<double>(step) / (static_cast<double>(step) + 10.0));
    expected = keep * expected + (1.0 - keep) * values[step];
    EXPECT_NEAR(average->weight[1].item<double>(), expected, 1e-6) << step;
    EXPECT_NEAR(average->running_mean[2].item<double>(), 10.0 * expected, 1e-5) << step;
    EXPECT_EQ(average->num_batches_tracked.item<std::int64_t>(), step + 7);
  }
  EXPECT_FALSE(average->is_training());
  EXPECT_FALSE(average->weight.requires_grad());
}

class AveragedRuns : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    test::make_small_dataset(folder_ / "data");
  }
  TrainOptions options(const std::string& name, std::vector<std::string> overrides) {
    TrainOptions options = small_options(folder_.path(), std::move(overrides));
    options.run_name = name;
    return options;
  }
  fs::path checkpoint(const std::string& name, std::int64_t step) const {
    return folder_ / "runs" / name / "checkpoints" / io::checkpoint_name(step);
  }
  static weights::Arrays arrays(const fs::path& file) { return weights::read_weights(file); }
  test::TempFolder folder_;
};

TEST_F(AveragedRuns, TheAverageIsKeptBesideTheWeightsAndChangesNoStep) {
  run_training(options("plain", {}));
  run_training(options("averaged", {"train.ema=0.8"}));
  EXPECT_FALSE(fs::exists(checkpoint("plain", 6) / "generator_ema.safetensors"));
  const fs::path averaged = checkpoint("averaged", 6);
  ASSERT_TRUE(fs::exists(averaged / "generator_ema.safetensors"));
  EXPECT_EQ(util::read_text(averaged / "generator.safetensors"),
            util::read_text(checkpoint("plain", 6) / "generator.safetensors"));
  const weights::Arrays own = arrays(averaged / "generator.safetensors");
  const weights::Arrays ema = arrays(averaged / "generator_ema.safetensors");
  ASSERT_EQ(own.size(), ema.size());
  int different = 0;
  for (const auto& [name, array] : own) {
    different += ema.at(name).bytes != array.bytes ? 1 : 0;
  }
  EXPECT_GT(different, 10);
}

TEST_F(AveragedRuns, ResumeIsBitEqual) {
  run_training(options("straight", {"train.ema=0.8"}));
  TrainOptions halves = options("halves", {"train.ema=0.8"});
  halves.max_steps = 4;
  EXPECT_EQ(exit_code_of([&] { run_training(halves); }), 75);
  halves.max_steps = -1;
  EXPECT_EQ(run_training(halves).start_step, 4);
  EXPECT_EQ(util::read_text(checkpoint("straight", 6) / "generator_ema.safetensors"),
            util::read_text(checkpoint("halves", 6) / "generator_ema.safetensors"));
  EXPECT_TRUE(test::same_tensors(checkpoint("straight", 6), checkpoint("halves", 6)));
  const auto val = [&](const std::string& name) {
    return io::read_json_lines(folder_ / "runs" / name / "metrics.jsonl").back().at("val/l1");
  };
  EXPECT_EQ(val("straight"), val("halves"));
}

/// With a learning rate of nothing after the first steps the two would agree; here they must not.
TEST_F(AveragedRuns, ValidationAndFineTuningTakeTheAverage) {
  const TrainSummary plain = run_training(options("plain", {"optim.lr=0.01"}));
  const TrainSummary averaged = run_training(options("averaged", {"optim.lr=0.01", "train.ema=0.8"}));
  EXPECT_NE(plain.validation.at("val/l1"), averaged.validation.at("val/l1"));
  TrainOptions tune = options("tuned", {});
  tune.init_from = averaged.checkpoint.string();  // the best one may be an earlier one
  tune.max_steps = 0;
  EXPECT_EQ(exit_code_of([&] { run_training(tune); }), 75);
  EXPECT_EQ(arrays(checkpoint("tuned", 0) / "generator.safetensors").at("head.weight").bytes,
            arrays(averaged.checkpoint / "generator_ema.safetensors").at("head.weight").bytes);
  EXPECT_EQ(exit_code_of([&] { run_training(options("bad", {"train.ema=1"})); }), 3);
}

}  // namespace
}  // namespace stgmamba::train
