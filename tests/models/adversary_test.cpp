// SPDX-License-Identifier: MIT
// The networks of the objective: sizes, an independent twin's values (tests/golden/make_golden_objective.py), and what
// the published code got wrong.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/models/mdvs/discriminators.hpp"
#include "stgmamba/models/stgcn/st_gcn.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/error_between.hpp"
#include "support/golden_formula.hpp"
#include "support/golden_gradient.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::models {
namespace {

using test::formula;
using torch::Tensor;

constexpr std::int64_t kB = 3, kF = 23, kClasses = 5;
constexpr double kWidth = 0.25;

const io::Safetensors& golden() {
  static const io::Safetensors kGolden = io::read_safetensors(STG_SOURCE_DIR "/tests/golden/objective.safetensors");
  return kGolden;
}
Tensor expected(const std::string& name) {
  return test::golden_tensor(golden(), name);
}
Tensor real_pose() {
  return formula("pose.real", {kB, kF, 18, 2}, 0.0, 0.6);
}
Tensor fake_pose() {
  return formula("pose.fake", {kB, kF, 18, 2}, 0.1, 0.5);
}
Tensor music() {
  return formula("audio", {kB, kF, 1600}, 0.0, 0.5) * (1 + formula("audio.envelope", {kB, kF, 1}, 0.0, 0.5));
}

/// In training mode, in double, its weights by formula.
template <typename Net>
Net filled(Net net) {
  net->to(torch::kDouble);
  test::fill(*net);
  net->train();
  return net;
}

Tensor mean_sizes(const std::vector<Tensor>& maps) {
  std::vector<Tensor> sizes;
  sizes.reserve(maps.size());
  for (const Tensor& map : maps) {
    sizes.push_back(map.abs().mean());
  }
  return torch::stack(sizes);
}

TEST(Adversaries, HaveTheirParameterCounts) {
  EXPECT_EQ(weights::parameter_count(*StGcn(StGcnConfig())), 3078224);
  EXPECT_EQ(weights::parameter_count(*FrameDiscriminator(DiscriminatorConfig())), 1552001);
  EXPECT_EQ(weights::parameter_count(*SequenceDiscriminator(DiscriminatorConfig(), 50)), 3788393);
}

TEST(Adversaries, CarryTheOriginalsNames) {
  const auto stgcn = weights::named_tensors(*StGcn(StGcnConfig()));
  for (const char* name :
       {"A", "data_bn.running_mean", "st_gcn_networks.0.gcn.conv.bias", "st_gcn_networks.0.tcn.0.weight",
        "st_gcn_networks.9.tcn.2.weight", "st_gcn_networks.9.tcn.3.running_var", "st_gcn_networks.4.residual.0.weight",
        "st_gcn_networks.7.residual.1.weight", "edge_importance.9", "fcn.weight"}) {
    EXPECT_TRUE(stgcn.count(name)) << name;
  }
  const auto seq = weights::named_tensors(*SequenceDiscriminator(DiscriminatorConfig(), 50));
  for (const char* name : {"audio_encoder.encoder.cl.4.weight", "audio_encoder.rnn.weight_ih_l1_reverse",
                           "audio_encoder.fc.bias", "pose_encoder.conv1.0.weight", "pose_encoder.conv2m.bias",
                           "pose_encoder.conv4m.0.weight", "pose_encoder.fc7.0.weight", "pose_encoder.fc8.bias",
                           "attention.ws1.weight", "attention.ws2.weight", "conv1d.weight", "fc2.weight"}) {
    EXPECT_TRUE(seq.count(name)) << name;
  }
  EXPECT_TRUE(weights::named_tensors(*FrameDiscriminator(DiscriminatorConfig())).count("conv6.0.weight"));
}

TEST(StGcnNet, EqualsTheTwin) {
  const StGcn net = filled(StGcn(StGcnConfig{.width = kWidth, .classes = kClasses}));
  const Tensor logits = StGcn(net)->forward(real_pose());
  EXPECT_LT(test::error_between(logits, expected("stgcn.logits")), 1e-10);
  const Tensor loss = torch::nn::functional::cross_entropy(logits, torch::arange(kB).remainder(kClasses));
  EXPECT_EQ(test::expect_parameter_gradients(golden(), "stgcn", *net, loss, 1e-8), 102);
}

TEST(StGcnNet, GivesTheTenBlocks) {
  StGcn net = filled(StGcn(StGcnConfig{.width = kWidth, .classes = kClasses}));
  net->eval();
  const std::vector<Tensor> maps = net->features(fake_pose());
  ASSERT_EQ(maps.size(), 10U);
  EXPECT_EQ(maps[0].sizes(), (std::vector<std::int64_t>{kB, 16, 23, 18}));
  EXPECT_EQ(maps[4].sizes(), (std::vector<std::int64_t>{kB, 32, 12, 18}));
  EXPECT_EQ(maps[9].sizes(), (std::vector<std::int64_t>{kB, 64, 6, 18}));
  EXPECT_LT(test::error_between(mean_sizes(maps), expected("stgcn.maps")), 1e-10);
  net->to(torch::kFloat);
  EXPECT_LT(test::error_between(mean_sizes(net->features(fake_pose().to(torch::kFloat))), expected("stgcn.maps")),
            1e-4);
}

TEST(Discriminators, EqualTheTwin) {
  FrameDiscriminator frame = filled(FrameDiscriminator(DiscriminatorConfig{.width = kWidth, .dropout = 0.0}));
  EXPECT_LT(test::error_between(frame->forward(fake_pose()), expected("frame.logits")), 1e-10);
  SequenceDiscriminator seq = filled(SequenceDiscriminator(DiscriminatorConfig{.width = kWidth, .dropout = 0.0}, kF));
  EXPECT_LT(test::error_between(seq->forward(fake_pose(), music()), expected("seq.logits")), 1e-10);
  EXPECT_LT(test::error_between(mean_sizes(seq->features(fake_pose())), expected("seq.maps")), 1e-10);
}

/// The published code re-views the music's tokens and mixes samples with frames.
TEST(Discriminators, SeeEverySampleWithItsOwnMusic) {
  SequenceDiscriminator net = filled(SequenceDiscriminator(DiscriminatorConfig{.width = kWidth}, kF));
  net->eval();
  const Tensor all = net->forward(fake_pose(), music());
  for (std::int64_t b = 0; b < kB; ++b) {
    const Tensor alone = net->forward(fake_pose().narrow(0, b, 1), music().narrow(0, b, 1));
    EXPECT_LT(test::error_between(alone, all.narrow(0, b, 1)), 1e-12) << b;
  }
  EXPECT_GT(test::error_between(net->forward(fake_pose(), music().flip(0)), all), 1e-9);
}

TEST(Discriminators, StartFromXavier) {
  torch::manual_seed(1);
  const FrameDiscriminator net{DiscriminatorConfig()};
  const auto tensors = weights::named_tensors(*net);
  const double bound = std::sqrt(6.0 / (9.0 * 128 + 9.0 * 256));  // conv6
  EXPECT_LE(tensors.at("conv6.0.weight").abs().max().item<double>(), bound);
  EXPECT_GT(tensors.at("conv6.0.weight").abs().max().item<double>(), 0.99 * bound);
  EXPECT_EQ(tensors.at("conv6.0.bias").abs().max().item<double>(), 0.0);
}

TEST(Discriminators, EveryOptionCounts) {
  const auto read_text = [](const std::string& text) {
    const auto document = config::Document::parse("discriminator: {" + text + "}", "test");
    DiscriminatorConfig config;
    read(document.root().section("discriminator"), config);
    document.finish();
    return config;
  };
  const auto output = [&](const std::string& text) {
    SequenceDiscriminator net = filled(SequenceDiscriminator(read_text("width: 0.25" + text), kF));
    torch::manual_seed(2);
    return net->forward(fake_pose(), music());
  };
  const Tensor plain = output("");
  EXPECT_TRUE(torch::equal(output(""), plain));
  EXPECT_FALSE(torch::equal(output(", dropout: 0.1"), plain));
  EXPECT_FALSE(torch::equal(output(", audio_scale: int16"), plain));
  const FrameDiscriminator half(read_text("width: 0.5"));
  EXPECT_LT(weights::parameter_count(*half), 1552001 / 3);
  EXPECT_EQ(test::exit_code_of([&] { read_text("width: 0"); }), 3);
  EXPECT_EQ(test::exit_code_of([&] { read_text("dropout: 1"); }), 3);
  EXPECT_NE(test::error_of([&] { SequenceDiscriminator(read_text(""), kFewestFrames - 1); }), "");
  EXPECT_EQ(test::error_of([&] { SequenceDiscriminator(read_text("width: 0.0625"), kFewestFrames); }), "");
}

}  // namespace
}  // namespace stgmamba::models
