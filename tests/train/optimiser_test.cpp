// SPDX-License-Identifier: MIT
#include "stgmamba/train/optimiser.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::train {
namespace {

torch::nn::Linear make_layer() {
  torch::manual_seed(1);
  return torch::nn::Linear(5, 3);
}

void backward(torch::nn::Linear& layer, int step) {
  torch::manual_seed(100 + step);
  layer->forward(torch::randn({4, 5})).pow(2).sum().backward();
}

TEST(Optimiser, IsAdam) {
  torch::nn::Linear ours = make_layer(), theirs = make_layer();
  OptimConfig config{.lr = 0.01, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .weight_decay = 0.02, .clip_norm = 0};
  Optimiser optimiser(*ours, config, {});
  torch::optim::Adam adam(
      theirs->parameters(),
      torch::optim::AdamOptions(0.01).betas(std::make_tuple(0.8, 0.95)).eps(1e-6).weight_decay(0.02));
  for (int step = 0; step < 7; ++step) {
    optimiser.zero_grad();
    adam.zero_grad();
    backward(ours, step);
    backward(theirs, step);
    EXPECT_TRUE(optimiser.update(1.0, step, 7).applied);
    adam.step();
  }
  EXPECT_TRUE(torch::allclose(ours->weight, theirs->weight, 1e-5, 1e-7));
  EXPECT_TRUE(torch::allclose(ours->bias, theirs->bias, 1e-5, 1e-7));
  EXPECT_FALSE(torch::equal(ours->weight, make_layer()->weight));
}

TEST(Optimiser, ClipsTheNorm) {
  torch::nn::Linear layer = make_layer();
  // With beta1 = 0 the first moment is the gradient itself.
  Optimiser optimiser(*layer, {.lr = 0.1, .beta1 = 0.0, .clip_norm = 0.5}, {});
  backward(layer, 0);
  const UpdateResult result = optimiser.update(1.0, 0, 1);
  EXPECT_GT(result.grad_norm, 0.5);
  double sum = 0;
  for (const auto& [name, tensor] : optimiser.state()) {
    if (name.rfind("exp_avg.", 0) == 0) {
      sum += tensor.pow(2).sum().item<double>();
    }
  }
  EXPECT_NEAR(std::sqrt(sum), 0.5, 1e-5);
}

TEST(Optimiser, NotFiniteChangesNothing) {
  torch::nn::Linear layer = make_layer();
  Optimiser optimiser(*layer, {}, {});
  backward(layer, 0);
  EXPECT_FALSE(optimiser.update(std::numeric_limits<double>::quiet_NaN(), 0, 1).applied);
  layer->weight.mutable_grad()[1][2] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(optimiser.update(1.0, 0, 1).applied);
  EXPECT_TRUE(torch::equal(layer->weight, make_layer()->weight));
  for (const auto& [name, tensor] : optimiser.state()) {
    EXPECT_EQ(tensor.abs().sum().item<double>(), 0.0) << name;
  }
}

TEST(Schedule, IsAPureFunctionOfTheStep) {
  EXPECT_EQ(schedule_scale({}, 0, 100), 1.0);
  EXPECT_EQ(schedule_scale({}, 99, 100), 1.0);
  const ScheduleConfig warm{.name = "constant", .warmup = 4};
  EXPECT_DOUBLE_EQ(schedule_scale(warm, 0, 100), 0.25);
  EXPECT_DOUBLE_EQ(schedule_scale(warm, 3, 100), 1.0);
  const ScheduleConfig linear{.name = "linear", .warmup = 0, .final_scale = 0.2};
  EXPECT_DOUBLE_EQ(schedule_scale(linear, 50, 100), 0.6);
  EXPECT_DOUBLE_EQ(schedule_scale(linear, 500, 100), 0.2);
  const ScheduleConfig cosine{.name = "cosine", .warmup = 10, .final_scale = 0.0, .steps = 110};
  EXPECT_DOUBLE_EQ(schedule_scale(cosine, 10, 7), 1.0);
  EXPECT_NEAR(schedule_scale(cosine, 60, 7), 0.5, 1e-12);
  EXPECT_NEAR(schedule_scale(cosine, 110, 7), 0.0, 1e-12);
}

}  // namespace
}  // namespace stgmamba::train
