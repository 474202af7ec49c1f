// SPDX-License-Identifier: MIT
// FSR and BSR against a generator whose frames are known in closed form: G(I, S) = a I + b S on a sequence that reads
// differently backwards, so that exchanged indices show.
#include "stgmamba/losses/neighbours.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/gradcheck.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::losses {
namespace {

using torch::Tensor;
constexpr double kA = 0.6, kB2 = -1.3;  // a and b
constexpr std::int64_t kB = 2, kF = 4, kH = 2, kW = 3;

Tensor generate(const Tensor& image, const Tensor& pose) {
  return kA * image + kB2 * pose;
}

struct Sequence {
  Tensor photo, poses, frames;  // [B, 1, 3, H, W], [B, F, 3, H, W], [B, F, 3, H, W]
};

/// Poses step by 1, 4, 9: no symmetry in time.
Sequence sequence(std::int64_t frames = kF) {
  torch::manual_seed(9);
  Sequence s;
  s.photo = torch::rand({kB, 1, 3, kH, kW}, torch::kDouble);
  const Tensor time = torch::arange(frames, torch::kDouble).square().view({1, frames, 1, 1, 1});
  s.poses = 0.1 * time + torch::rand({kB, 1, 3, kH, kW}, torch::kDouble);
  s.frames = generate(s.photo, s.poses);
  return s;
}

NeighbourLoss run(const NeighbourConfig& config, const Sequence& s, const Tensor& real = {}) {
  const NeighbourPairs pairs = neighbour_pairs(config, s.frames, real, s.poses);
  return neighbour_loss(config, pairs, s.frames,
                        pairs.condition.defined() ? generate(pairs.condition, pairs.pose) : Tensor());
}

/// I_i - G(I_j, S_i) = a (I_0 - I_j): mean over i of |a| |I_0 - I_{i + shift}|.
double closed_form(const Sequence& s, std::int64_t shift) {
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < s.frames.size(1); ++i) {
    if (i + shift >= 0 && i + shift < s.frames.size(1)) {
      sum += kA * (s.photo.select(1, 0) - s.frames.select(1, i + shift)).abs().mean().item<double>();
      ++count;
    }
  }
  return sum / static_cast<double>(count);
}

TEST(Neighbours, TheClosedFormHolds) {
  const Sequence s = sequence();
  const NeighbourLoss loss = run({}, s);
  EXPECT_NEAR(loss.fsr.item<double>(), closed_form(s, -1), 1e-12);
  EXPECT_NEAR(loss.bsr.item<double>(), closed_form(s, +1), 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), 10 * closed_form(s, -1) + 10 * closed_form(s, +1), 1e-11);
}

TEST(Neighbours, ExchangedDirectionsWouldShow) {
  const Sequence s = sequence();
  EXPECT_GT(std::abs(closed_form(s, -1) - closed_form(s, +1)), 0.05);
  // The same sequence read backwards exchanges the two.
  Sequence reversed = s;
  reversed.poses = s.poses.flip(1);
  reversed.frames = s.frames.flip(1);
  EXPECT_NEAR(run({}, reversed).fsr.item<double>(), run({}, s).bsr.item<double>(), 1e-12);
  EXPECT_NEAR(run({}, reversed).bsr.item<double>(), run({}, s).fsr.item<double>(), 1e-12);
}

TEST(Neighbours, PairsAreTheEquationsFromFirstToLast) {
  const Sequence s = sequence();
  const NeighbourPairs pairs = neighbour_pairs({}, s.frames, {}, s.poses);
  ASSERT_EQ(pairs.forward, kB * (kF - 1));
  ASSERT_EQ(pairs.backward, kB * (kF - 1));
  for (std::int64_t b = 0; b < kB; ++b) {
    for (std::int64_t i = 0; i < kF; ++i) {
      if (i > 0) {  // i = 2..F: from I_{i-1}
        const std::int64_t at = b * (kF - 1) + i - 1;
        EXPECT_TRUE(torch::equal(pairs.condition[at], s.frames[b][i - 1])) << b << " " << i;
        EXPECT_TRUE(torch::equal(pairs.pose[at], s.poses[b][i])) << b << " " << i;
      }
      if (i + 1 < kF) {  // i = 1..F-1: from I_{i+1}
        const std::int64_t at = pairs.forward + b * (kF - 1) + i;
        EXPECT_TRUE(torch::equal(pairs.condition[at], s.frames[b][i + 1])) << b << " " << i;
        EXPECT_TRUE(torch::equal(pairs.pose[at], s.poses[b][i])) << b << " " << i;
      }
    }
  }
}

TEST(Neighbours, AWeightOfZeroAsksForNothing) {
  const Sequence s = sequence();
  const NeighbourConfig forward{.fsr = 3, .bsr = 0}, backward{.fsr = 0, .bsr = 5}, none{.fsr = 0, .bsr = 0};
  EXPECT_EQ(neighbour_pairs(forward, s.frames, {}, s.poses).condition.size(0), kB * (kF - 1));
  EXPECT_EQ(neighbour_pairs(backward, s.frames, {}, s.poses).forward, 0);
  EXPECT_NEAR(run(forward, s).total.item<double>(), 3 * closed_form(s, -1), 1e-12);
  EXPECT_NEAR(run(backward, s).total.item<double>(), 5 * closed_form(s, +1), 1e-12);
  EXPECT_EQ(run(none, s).total.item<double>(), 0.0);
  EXPECT_FALSE(neighbour_pairs(none, s.frames, {}, s.poses).condition.defined());
  EXPECT_EQ(run({}, sequence(1)).total.item<double>(), 0.0);  // F = 1 has no neighbours
}

TEST(Neighbours, WhereTheImageIsIgnoredBothAreZero) {
  Sequence s = sequence();
  s.frames = generate(torch::zeros_like(s.photo), s.poses);
  const NeighbourPairs pairs = neighbour_pairs({}, s.frames, {}, s.poses);
  const NeighbourLoss loss =
      neighbour_loss({}, pairs, s.frames, generate(torch::zeros_like(pairs.condition), pairs.pose));
  EXPECT_EQ(loss.total.item<double>(), 0.0);
}

/// d total / d I_0 through each side, for G = a I + b S, is known: which parts arrive says which were cut.
TEST(Neighbours, GradientsFlowWhereTheOptionsSay) {
  const auto slope = [](const NeighbourConfig& config) {
    Sequence s = sequence();
    s.photo = s.photo.clone().requires_grad_();
    s.frames = generate(s.photo, s.poses);
    if (const Tensor total = run(config, s).total; total.requires_grad()) {
      total.backward();
    }
    return s.photo.grad().defined() ? s.photo.grad().abs().sum().item<double>() : 0.0;
  };
  EXPECT_GT(slope({}), 0.0);                                          // through I_i
  EXPECT_EQ(slope({.stop_target = "base"}), 0.0);                     // the condition is cut as well
  EXPECT_GT(slope({.grad_cond = true, .stop_target = "base"}), 0.0);  // through the condition
  EXPECT_GT(slope({.stop_target = "reg"}), 0.0);
  EXPECT_NE(slope({}), slope({.grad_cond = true}));
  EXPECT_DOUBLE_EQ(slope({}), slope({.grad_cond = true, .stop_target = "reg"}));
}

TEST(Neighbours, GradientsAreRight) {
  Sequence s = sequence(3);
  const NeighbourConfig config{.fsr = 2, .bsr = 3, .grad_cond = true};
  Tensor photo = s.photo.clone().requires_grad_();
  test::gradcheck(
      [&] {
        Sequence moving = s;
        moving.frames = generate(photo, s.poses);
        return run(config, moving).total;
      },
      {photo});
}

TEST(Neighbours, RealNeighboursMayCondition) {
  const Sequence s = sequence();
  const Tensor real = torch::rand_like(s.frames);
  const NeighbourConfig config{.cond_source = "real"};
  EXPECT_TRUE(torch::equal(neighbour_pairs(config, s.frames, real, s.poses).condition[0], real[0][0]));
  EXPECT_EQ(test::exit_code_of([&] { neighbour_pairs(config, s.frames, {}, s.poses); }), 1);
}

TEST(Neighbours, OptionsAreRead) {
  const auto document =
      config::Document::parse("{fsr: 1, bsr: 2, grad_cond: true, stop_target: reg, cond_source: real}", "test");
  NeighbourConfig config;
  read(document.root(), config);
  document.finish();
  EXPECT_EQ(config.fsr, 1);
  EXPECT_EQ(config.bsr, 2);
  EXPECT_TRUE(config.grad_cond);
  EXPECT_EQ(config.stop_target, "reg");
  EXPECT_EQ(config.cond_source, "real");
  const auto wrong = config::Document::parse("{fsr: -1}", "test");
  EXPECT_EQ(test::exit_code_of([&] { read(wrong.root(), config); }), 3);
}

}  // namespace
}  // namespace stgmamba::losses
