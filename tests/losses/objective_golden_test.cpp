// SPDX-License-Identifier: MIT
// Every term that is measured on a network, and its gradients, against an independent PyTorch twin
// (tests/golden/make_golden_objective.py) on the same weights.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/losses/adversarial.hpp"
#include "stgmamba/losses/features.hpp"
#include "stgmamba/models/mdvs/discriminators.hpp"
#include "stgmamba/models/stgcn/st_gcn.hpp"

#include "support/error_between.hpp"
#include "support/golden_formula.hpp"
#include "support/golden_gradient.hpp"

namespace stgmamba::losses {
namespace {

using test::formula;
using torch::Tensor;

constexpr std::int64_t kB = 3, kF = 23;
constexpr AdversarialKind kBce = AdversarialKind::kBce;
const models::DiscriminatorConfig kQuarter{.width = 0.25, .dropout = 0.0};

class ObjectiveGolden : public testing::Test {
 protected:
  template <typename Net>
  static Net filled(Net net) {
    net->to(torch::kDouble);
    test::fill(*net);
    net->train();
    return net;
  }
  void expect_value(const std::string& name, const Tensor& value) const {
    EXPECT_LT(test::error_between(value.reshape({1}), test::golden_tensor(golden_, "loss." + name)), 1e-10) << name;
  }
  void expect_pose_gradient(const std::string& name, const Tensor& loss) const {
    test::expect_gradient(golden_, name + ".pose", torch::autograd::grad({loss}, {fake_}, {}, true)[0], 1e-8);
  }

  io::Safetensors golden_ = io::read_safetensors(STG_SOURCE_DIR "/tests/golden/objective.safetensors");
  Tensor real_ = formula("pose.real", {kB, kF, 18, 2}, 0.0, 0.6);
  Tensor fake_ = formula("pose.fake", {kB, kF, 18, 2}, 0.1, 0.5).requires_grad_();
  Tensor audio_ = formula("audio", {kB, kF, 1600}, 0.0, 0.5) * (1 + formula("audio.envelope", {kB, kF, 1}, 0.0, 0.5));
};

TEST_F(ObjectiveGolden, Perceptual) {
  models::StGcn net = filled(models::StGcn(models::StGcnConfig{.width = 0.25, .classes = 5}));
  net->eval();
  const Tensor loss = perceptual_loss(net->features(fake_), net->features(real_));
  expect_value("perceptual", loss);
  expect_pose_gradient("perceptual", loss);
}

TEST_F(ObjectiveGolden, FrameAdversary) {
  models::FrameDiscriminator net = filled(models::FrameDiscriminator(kQuarter));
  const Tensor wanted = generator_loss(kBce, net->forward(fake_));
  expect_value("frame.generator", wanted);
  expect_pose_gradient("frame", wanted);
  const Tensor loss = discriminator_loss(kBce, net->forward(real_), {net->forward(fake_.detach())});
  expect_value("frame.discriminator", loss);
  EXPECT_EQ(test::expect_parameter_gradients(golden_, "frame", *net, loss, 1e-8), 24);
}

TEST_F(ObjectiveGolden, SequenceAdversaryAndItsPenalty) {
  models::SequenceDiscriminator net = filled(models::SequenceDiscriminator(kQuarter, kF));
  const Tensor matching = feature_matching_loss(net->features(fake_), net->features(real_));
  expect_value("feature_matching", matching);
  expect_pose_gradient("feature_matching", matching);

  const Tensor tokens = net->encode(audio_);
  const Tensor fake = fake_.detach();
  const Tensor loss = discriminator_loss(kBce, net->score(real_, tokens), {net->score(fake, tokens)});
  expect_value("seq.discriminator", loss);
  EXPECT_EQ(test::expect_parameter_gradients(golden_, "seq", *net, loss, 1e-8), 66);

  const Tensor mixed = mixed_pose(real_, fake, formula("epsilon", {kB}, 0.5, 0.4));
  const Tensor penalty = gradient_penalty(score_of(kBce, net->score(mixed, tokens)), mixed);
  expect_value("penalty", penalty);
  EXPECT_GT(test::expect_parameter_gradients(golden_, "penalty", *net, penalty, 1e-7), 50);
}

}  // namespace
}  // namespace stgmamba::losses
