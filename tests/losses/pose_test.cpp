// SPDX-License-Identifier: MIT
#include "stgmamba/losses/pose.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/temp_folder.hpp"

namespace stgmamba::losses {
namespace {

constexpr std::int64_t kN = 3, kF = 5, kV = 7;

struct Inputs {
  torch::Tensor prediction, target, score;
};

Inputs make(std::int64_t draws = 1) {
  torch::manual_seed(3);
  const auto f64 = torch::kFloat64;
  Inputs in{torch::randn({draws * kN, kF, kV, 2}, f64), torch::randn({kN, kF, kV, 2}, f64),
            torch::rand({kN, kF, kV}, f64)};
  in.score.masked_fill_(in.score < 0.3, 0.0);
  return in;
}

/// The definition, joint by joint.
double plain_l1(const Inputs& in, std::int64_t n) {
  double sum = 0, count = 0;
  for (std::int64_t f = 0; f < kF; ++f) {
    for (std::int64_t v = 0; v < kV; ++v) {
      if (in.score[n][f][v].item<double>() > 0) {
        sum += (in.prediction[n][f][v] - in.target[n][f][v]).abs().sum().item<double>();
        count += 2;
      }
    }
  }
  return sum / count;
}

TEST(PoseLoss, L1CountsSeenJointsOnly) {
  Inputs in = make();
  const torch::Tensor value = l1_per_sample(in.prediction, in.target, in.score);
  ASSERT_EQ(value.sizes(), (std::vector<std::int64_t>{kN}));
  for (std::int64_t n = 0; n < kN; ++n) {
    EXPECT_NEAR(value[n].item<double>(), plain_l1(in, n), 1e-12);
  }
  // What stands at a missing joint does not matter.
  in.target = in.target.masked_fill(in.score.eq(0).unsqueeze(3), 1e6);
  EXPECT_TRUE(torch::equal(value, l1_per_sample(in.prediction, in.target, in.score)));
}

TEST(PoseLoss, NothingSeenYieldsZeroAndFiniteGradients) {
  Inputs in = make();
  in.score.zero_();
  in.prediction.requires_grad_();
  const torch::Tensor value = l1_per_sample(in.prediction, in.target, in.score).sum() +
                              velocity_per_sample(in.prediction, in.target, in.score).sum() +
                              energy_per_sample(in.prediction, in.target, in.score).sum();
  value.backward();
  EXPECT_EQ(value.item<double>(), 0.0);
  EXPECT_EQ(in.prediction.grad().abs().max().item<double>(), 0.0);
}

TEST(PoseLoss, VelocityIgnoresAConstantOffset) {
  Inputs in = make();
  in.prediction = in.target + 0.5;
  EXPECT_NEAR(velocity_per_sample(in.prediction, in.target, in.score).max().item<double>(), 0.0, 1e-12);
  in.prediction = in.target.clone();
  in.prediction.slice(1, 2) += 0.25;  // one jump between frames 1 and 2
  in.score.fill_(1.0);
  const torch::Tensor value = velocity_per_sample(in.prediction, in.target, in.score);
  EXPECT_NEAR(value[0].item<double>(), 0.25 / (kF - 1), 1e-12);
}

/// Only how much a joint moves counts, not when or where to; what was seen once has no speed.
TEST(PoseLoss, EnergyComparesHowMuchEachJointMoves) {
  Inputs in = make();
  in.score.fill_(1.0);
  in.prediction = in.target.flip(1) + 0.5;  // the dance backwards, elsewhere
  EXPECT_NEAR(energy_per_sample(in.prediction, in.target, in.score).max().item<double>(), 0.0, 1e-12);
  in.prediction = in.target.clone();
  in.prediction.select(2, 3).slice(1, 2).add_(100.0);  // joint 3 jumps once, by 100 in x and in y
  const double jump = energy_per_sample(in.prediction, in.target, in.score)[1].item<double>();
  const torch::Tensor step = (in.target[1][2][3] - in.target[1][1][3]);
  EXPECT_NEAR(jump, ((step + 100.0).abs() - step.abs()).sum().item<double>() / (kF - 1) / kV, 1e-12);
  in.score.select(2, 3).slice(1, 2, 3).zero_();  // frame 2 of joint 3 unseen: neither step into nor out of it counts
  EXPECT_NEAR(energy_per_sample(in.prediction, in.target, in.score).max().item<double>(), 0.0, 1e-12);
}

TEST(PoseLoss, BestOfKTakesTheNearestDrawOfEachSample) {
  const torch::Tensor values = torch::tensor({{1.0, 5.0, 3.0}, {2.0, 4.0, 9.0}}, torch::kFloat64);  // [K, B]
  EXPECT_NEAR(best_of_k(values, 0.1).item<double>(), (1 + 4 + 3) / 3.0 + 0.1 * 24 / 6.0, 1e-12);
  EXPECT_NEAR(best_of_k(values.narrow(0, 0, 1), 0.1).item<double>(), 3.0, 1e-12);  // one draw: the plain mean
}

TEST(PoseLoss, DrawsAreDrawMajor) {
  Inputs in = make(2);
  in.score.fill_(1.0);
  in.prediction.slice(0, 0, kN).copy_(in.target);             // draw 0 is perfect
  in.prediction.slice(0, kN, 2 * kN).copy_(in.target + 1.0);  // draw 1 is one unit off
  PoseLossConfig config{.l1 = 2.0, .velocity = 0.0, .best_of_k = {.k = 2, .mean_weight = 0.1}};
  const PoseLoss loss = pose_loss(config, in.prediction, in.target, in.score);
  EXPECT_NEAR(loss.best.item<double>(), 0.0, 1e-12);
  EXPECT_NEAR(loss.l1.item<double>(), 0.5, 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), 2.0 * 0.1 * 0.5, 1e-12);
}

/// The definition, written out for three draws.
TEST(PoseLoss, EnergyScoreByItsDefinition) {
  const Inputs in = make(3);
  const auto distance = [&](const torch::Tensor& a, const torch::Tensor& b, std::int64_t n) {
    double sum = 0, count = 0;
    for (std::int64_t f = 0; f < kF; ++f) {
      for (std::int64_t v = 0; v < kV; ++v) {
        if (in.score[n][f][v].item<double>() > 0) {
          sum += (a[f][v] - b[f][v]).square().sum().item<double>();
          count += 2;
        }
      }
    }
    return std::sqrt(sum / count);
  };
  double expected = 0;
  for (std::int64_t n = 0; n < kN; ++n) {
    for (std::int64_t k = 0; k < 3; ++k) {
      expected += distance(in.prediction[k * kN + n], in.target[n], n) / 3.0;
      for (std::int64_t l = 0; l < 3; ++l) {
        expected -= distance(in.prediction[k * kN + n], in.prediction[l * kN + n], n) / (2.0 * 3.0 * 2.0);
      }
    }
  }
  EXPECT_NEAR(energy_score(in.prediction, in.target, in.score).total.item<double>(), expected / kN, 1e-5);
}

/// Real dances that vary by 1: draws that vary by 1 score best, a median pose and a frenzy worse.
TEST(PoseLoss, EnergyScoreIsSmallestWhereDrawsVaryAsTheRealDancesDo) {
  torch::manual_seed(11);
  constexpr std::int64_t kMany = 3000;
  const torch::Tensor target = torch::randn({kMany, 3, 2, 2}, torch::kFloat64);
  const torch::Tensor noise = torch::randn({4 * kMany, 3, 2, 2}, torch::kFloat64);
  const torch::Tensor score = torch::ones({kMany, 3, 2}, torch::kFloat64);
  const auto at = [&](double sigma) { return energy_score(sigma * noise, target, score).total.item<double>(); };
  EXPECT_LT(at(1.0), at(0.7) - 0.005);
  EXPECT_LT(at(1.0), at(1.4) - 0.005);
  EXPECT_LT(at(0.7), at(0.01));
  const EnergyScore as_real = energy_score(noise, target, score);
  EXPECT_NEAR(as_real.spread.item<double>() / as_real.distance.item<double>(), 1.0, 0.02);
  const EnergyScore narrow = energy_score(0.5 * noise, target, score);
  EXPECT_LT(narrow.spread.item<double>() / narrow.distance.item<double>(), 0.7);
}

/// Where two draws are nearly one, the smallest over draws tells them nothing of each other; the score parts them.
TEST(PoseLoss, EnergyScorePartsDrawsHoweverNear) {
  Inputs in = make(2);
  in.prediction.slice(0, kN, 2 * kN).copy_(in.prediction.slice(0, 0, kN) + 1e-4);
  in.prediction.requires_grad_();
  energy_score(in.prediction, in.target, in.score).total.backward();
  const torch::Tensor apart = in.prediction.grad().slice(0, kN, 2 * kN) - in.prediction.grad().slice(0, 0, kN);
  EXPECT_LT(apart.sum().item<double>(), -0.1);  // descent moves the second draw, which is larger, up
  torch::Tensor same = in.prediction.detach().slice(0, 0, kN).repeat({2, 1, 1, 1}).requires_grad_();
  energy_score(same, in.target, in.score).total.backward();
  EXPECT_TRUE(same.grad().isfinite().all().item<bool>());
}

TEST(PoseLoss, GradientsMatchFiniteDifferences) {
  Inputs in = make(2);
  const PoseLossConfig config{
      .l1 = 1.5, .velocity = 0.7, .energy = 0.4, .energy_score = 0.6, .best_of_k = {.k = 2, .mean_weight = 0.3}};
  in.prediction.requires_grad_();
  pose_loss(config, in.prediction, in.target, in.score).total.backward();
  const torch::Tensor gradient = in.prediction.grad().flatten();
  EXPECT_GT(gradient.abs().max().item<double>(), 0.0);
  torch::NoGradGuard no_grad;
  const torch::Tensor flat = in.prediction.detach().clone().flatten();
  constexpr double kStep = 1e-6;
  for (std::int64_t i = 0; i < flat.numel(); i += 11) {
    const auto shifted = [&](double by) {
      torch::Tensor moved = flat.clone();
      moved[i] += by;
      return pose_loss(config, moved.view(in.prediction.sizes()), in.target, in.score).total.item<double>();
    };
    EXPECT_NEAR(gradient[i].item<double>(), (shifted(kStep) - shifted(-kStep)) / (2 * kStep), 1e-6) << i;
  }
}

TEST(PoseLoss, ConfigIsReadAndChecked) {
  const auto read_text = [](const std::string& text) {
    const config::Document document = config::Document::parse(text, "test.yaml");
    PoseLossConfig config;
    read(document.root().section("loss"), config);
    document.finish();
    return config;
  };
  const PoseLossConfig config = read_text("loss:\n  l1: 200\n  velocity: 0.5\n  best_of_k: {k: 4, mean_weight: 0.2}\n");
  EXPECT_EQ(config.l1, 200.0);
  EXPECT_EQ(config.velocity, 0.5);
  EXPECT_EQ(config.best_of_k.k, 4);
  EXPECT_EQ(config.best_of_k.mean_weight, 0.2);
  EXPECT_EQ(test::exit_code_of([&] { read_text("loss:\n  l1: 0\n"); }), 3);
  EXPECT_EQ(read_text("loss:\n  l1: 0\n  energy_score: 1\n  best_of_k: {k: 2}\n").energy_score, 1.0);
  EXPECT_EQ(test::exit_code_of([&] { read_text("loss:\n  energy_score: 1\n"); }), 3);
  EXPECT_EQ(test::exit_code_of([&] { read_text("loss:\n  best_of_k: {k: 0}\n"); }), 3);
}

}  // namespace
}  // namespace stgmamba::losses
