// SPDX-License-Identifier: MIT
#include "stgmamba/losses/features.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/losses/objective.hpp"

#include "support/gradcheck.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::losses {
namespace {

using torch::Tensor;

std::vector<Tensor> maps(std::int64_t count, double value) {
  std::vector<Tensor> out;
  for (std::int64_t i = 0; i < count; ++i) {
    out.push_back(torch::full({2, 3 + i, 4}, value, torch::kFloat64));
  }
  return out;
}

TEST(Features, TheFirstBlocksWeighMost) {
  EXPECT_NEAR(perceptual_loss(maps(10, 0.5), maps(10, 0.0)).item<double>(), 0.5 * (20 + 5 + 8), 1e-12);
  std::vector<Tensor> second = maps(10, 0.0);
  second[1] += 1.0;
  EXPECT_NEAR(perceptual_loss(second, maps(10, 0.0)).item<double>(), 5.0, 1e-12);
  EXPECT_NEAR(feature_matching_loss(maps(6, 0.5), maps(6, 0.0)).item<double>(), 3.0, 1e-12);
  EXPECT_NE(test::error_of([] { perceptual_loss(maps(9, 0), maps(10, 0)); }), "");
}

TEST(Features, TheRealSideIsDetached) {
  std::vector<Tensor> fake = maps(6, 0.5), real = maps(6, 0.0);
  fake[2].requires_grad_();
  real[2].requires_grad_();
  feature_matching_loss(fake, real).backward();
  EXPECT_FALSE(real[2].grad().defined());
  EXPECT_GT(fake[2].grad().abs().max().item<double>(), 0.0);
}

TEST(Features, ModeSeekingWantsOtherDancesFromOtherNoise) {
  torch::manual_seed(6);
  const auto f64 = torch::kFloat64;
  const Tensor one = torch::randn({3, 4, 5, 2}, f64), z1 = torch::randn({3, 4, 10}, f64);
  const Tensor z2 = z1 + 0.5;
  EXPECT_NEAR(mode_seeking_loss(one, one + 0.25, z1, z2).item<double>(), 1 / (0.5 + 1e-5), 1e-9);
  EXPECT_GT(mode_seeking_loss(one, one + 0.01, z1, z2).item<double>(),
            mode_seeking_loss(one, one + 0.1, z1, z2).item<double>());
  EXPECT_NEAR(mode_seeking_loss(one, one, z1, z2).item<double>(), 1e5, 1e-3);  // finite where the modes are one
  const Tensor two = (one + torch::randn_like(one)).detach().requires_grad_();
  test::gradcheck([&] { return mode_seeking_loss(one, two, z1, z2); }, {two});
}

ObjectiveConfig read_text(const std::string& text) {
  const auto document = config::Document::parse("loss: {" + text + "}", "test");
  ObjectiveConfig config;
  read(document.root().section("loss"), config);
  document.finish();
  return config;
}

TEST(Objective, PresetsAreDefaults) {
  const ObjectiveConfig plain = read_text("");
  EXPECT_FALSE(needs_frame_discriminator(plain) || needs_sequence_discriminator(plain));
  EXPECT_EQ(plain.perceptual.weight, 0.0);
  EXPECT_EQ(plain.pose.l1, 1.0);

  const ObjectiveConfig mdvs = read_text("preset: mdvs, perceptual: {weights: x}");
  EXPECT_EQ(mdvs.pose.l1, 200.0);
  EXPECT_EQ(mdvs.perceptual.weight, 1.0);
  EXPECT_EQ(mdvs.feature_matching, 1.0);
  EXPECT_EQ(mdvs.gradient_penalty, 1.0);
  EXPECT_TRUE(needs_frame_discriminator(mdvs) && needs_sequence_discriminator(mdvs));

  const ObjectiveConfig paper = read_text("preset: paper_eq, l1: 50, perceptual: {weights: x}");
  EXPECT_EQ(paper.pose.l1, 50.0);  // what the file sets wins
  EXPECT_EQ(paper.adversarial.sequence, 0.0);
  EXPECT_FALSE(needs_frame_discriminator(paper));
  EXPECT_TRUE(needs_sequence_discriminator(paper));  // for feature matching

  const ObjectiveConfig ours = read_text("preset: ours");
  EXPECT_GT(ours.pose.best_of_k.k, 1);
  EXPECT_GT(ours.adversarial.start, 0);
  EXPECT_GT(ours.adversarial.sequence, 0.0);
}

TEST(Objective, WhatCannotBeIsRefused) {
  EXPECT_EQ(test::exit_code_of([] { read_text("perceptual: {weight: 1}"); }), 3);
  EXPECT_EQ(test::exit_code_of([] { read_text("mode_seeking: 1"); }), 3);
  EXPECT_EQ(test::error_of([] { read_text("mode_seeking: 1, best_of_k: {k: 2}"); }), "");
  EXPECT_EQ(test::exit_code_of([] { read_text("preset: best"); }), 3);
  EXPECT_EQ(test::exit_code_of([] { read_text("feature_matching: -1"); }), 3);
}

}  // namespace
}  // namespace stgmamba::losses
