// SPDX-License-Identifier: MIT
#include "stgmamba/losses/adversarial.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/gradcheck.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::losses {
namespace {

using torch::Tensor;
constexpr std::int64_t kB = 3, kF = 4, kV = 5;
const std::vector<AdversarialKind> kKinds = {AdversarialKind::kBce, AdversarialKind::kLeastSquares,
                                             AdversarialKind::kHinge};

Tensor f64(std::initializer_list<double> values) {
  return torch::tensor(std::vector<double>(values), torch::kFloat64);
}

TEST(Adversarial, CrossEntropyIsThatOfTheSigmoid) {
  const Tensor real = torch::randn({kB, 7}, torch::kFloat64), fake = torch::randn({kB, 7}, torch::kFloat64);
  const auto bce = [](const Tensor& logits, double target) {
    return torch::binary_cross_entropy(torch::sigmoid(logits), torch::full_like(logits, target)).item<double>();
  };
  EXPECT_NEAR(generator_loss(AdversarialKind::kBce, fake).item<double>(), bce(fake, 1.0), 1e-12);
  EXPECT_NEAR(discriminator_loss(AdversarialKind::kBce, real, {fake}).item<double>(),
              0.5 * (bce(real, 1.0) + bce(fake, 0.0)), 1e-12);
  EXPECT_TRUE(generator_loss(AdversarialKind::kBce, f64({-1e4})).isfinite().item<bool>());
}

TEST(Adversarial, LeastSquaresAndHingeByHand) {
  const Tensor real = f64({2.0, 0.5}), fake = f64({-3.0, 0.5});
  EXPECT_NEAR(generator_loss(AdversarialKind::kLeastSquares, fake).item<double>(), (16 + 0.25) / 2, 1e-12);
  EXPECT_NEAR(discriminator_loss(AdversarialKind::kLeastSquares, real, {fake}).item<double>(),
              0.5 * ((1 + 0.25) / 2 + (9 + 0.25) / 2), 1e-12);
  EXPECT_NEAR(generator_loss(AdversarialKind::kHinge, fake).item<double>(), 1.25, 1e-12);
  EXPECT_NEAR(discriminator_loss(AdversarialKind::kHinge, real, {fake}).item<double>(), 0.5 * (0.25 + 0.75), 1e-12);
}

/// Two kinds of fake share the weight of one: a discriminator that sees mismatched pairs too is pulled no harder.
TEST(Adversarial, KindsOfFakeShareOneWeight) {
  const Tensor real = torch::randn({kB, 1}), one = torch::randn({kB, 1}), two = torch::randn({kB - 1, 1});
  for (const AdversarialKind kind : kKinds) {
    const double both = discriminator_loss(kind, real, {one, two}).item<double>();
    const double apart =
        discriminator_loss(kind, real, {one}).item<double>() + discriminator_loss(kind, real, {two}).item<double>();
    EXPECT_NEAR(both, apart / 2, 1e-6);
  }
}

TEST(Adversarial, AccuracyCountsTheRightSide) {
  const Tensor logits = f64({0.1, 0.3, 0.7, -2.0});
  EXPECT_EQ(accuracy(AdversarialKind::kBce, logits, true).item<double>(), 0.75);
  EXPECT_EQ(accuracy(AdversarialKind::kHinge, logits, false).item<double>(), 0.25);
  EXPECT_EQ(accuracy(AdversarialKind::kLeastSquares, logits, true).item<double>(), 0.25);
}

TEST(Adversarial, StartsLateAndGrows) {
  const AdversarialConfig config{.start = 10, .ramp = 4};
  EXPECT_EQ(adversarial_scale(config, 9), 0.0);
  EXPECT_EQ(adversarial_scale(config, 10), 0.25);
  EXPECT_EQ(adversarial_scale(config, 13), 1.0);
  EXPECT_EQ(adversarial_scale(config, 1000), 1.0);
  EXPECT_EQ(adversarial_scale(AdversarialConfig(), 0), 1.0);
}

TEST(Adversarial, GradientsMatchFiniteDifferences) {
  torch::manual_seed(4);
  const Tensor real = torch::randn({kB, 2}, torch::kFloat64).requires_grad_();
  const Tensor fake = torch::randn({kB, 2}, torch::kFloat64).requires_grad_();
  for (const AdversarialKind kind : kKinds) {
    test::gradcheck([&] { return generator_loss(kind, fake); }, {fake});
    test::gradcheck([&] { return discriminator_loss(kind, real, {fake}); }, {real, fake});
  }
}

TEST(Adversarial, MixedPosesAreBetweenTheTwo) {
  const Tensor real = torch::ones({kB, kF, kV, 2}), fake = torch::zeros({kB, kF, kV, 2});
  const Tensor mixed = mixed_pose(real, fake, torch::tensor({0.0F, 0.25F, 1.0F}));
  EXPECT_TRUE(mixed.is_leaf() && mixed.requires_grad());
  EXPECT_EQ(mixed.select(0, 1).max().item<float>(), 0.25F);
  EXPECT_EQ(mixed.select(0, 2).min().item<float>(), 1.0F);
}

/// Of a linear score the slope is the weight; the penalty's own gradient needs the second derivative.
TEST(Adversarial, ThePenaltyWantsSlopesOfOne) {
  torch::manual_seed(5);
  const Tensor weight = torch::randn({kF, kV, 2}, torch::kFloat64).requires_grad_();
  const Tensor mixed =
      mixed_pose(torch::randn({kB, kF, kV, 2}, torch::kFloat64), torch::randn({kB, kF, kV, 2}, torch::kFloat64),
                 torch::full({kB}, 0.3, torch::kFloat64));
  const auto linear = [&] {
    const torch::AutoGradMode on(true);  // the check evaluates without gradients, the penalty is made of one
    return gradient_penalty((mixed * weight).flatten(1).sum(1, true), mixed);
  };
  EXPECT_NEAR(linear().item<double>(), std::pow(weight.norm().item<double>() - 1, 2), 1e-10);
  const auto curved = [&] {
    const torch::AutoGradMode on(true);
    return gradient_penalty(torch::tanh((mixed * weight).flatten(1).sum(1, true)), mixed);
  };
  test::gradcheck(linear, {weight});
  test::gradcheck(curved, {weight}, 1e-5);
}

TEST(Adversarial, ConfigIsReadAndChecked) {
  const auto read_text = [](const std::string& text) {
    const auto document = config::Document::parse("a: {" + text + "}", "test");
    AdversarialConfig config;
    read(document.root().section("a"), config);
    document.finish();
    return config;
  };
  const AdversarialConfig config = read_text("frame: 1, sequence: 0.5, kind: hinge, start: 7, ramp: 3");
  EXPECT_EQ(config.frame, 1.0);
  EXPECT_EQ(config.sequence, 0.5);
  EXPECT_EQ(adversarial_kind(config), AdversarialKind::kHinge);
  EXPECT_EQ(config.start, 7);
  EXPECT_EQ(config.ramp, 3);
  EXPECT_EQ(adversarial_kind(read_text("kind: least_squares")), AdversarialKind::kLeastSquares);
  EXPECT_EQ(test::exit_code_of([&] { read_text("kind: wgan"); }), 3);
  EXPECT_EQ(test::exit_code_of([&] { read_text("ramp: -1"); }), 3);
}

}  // namespace
}  // namespace stgmamba::losses
