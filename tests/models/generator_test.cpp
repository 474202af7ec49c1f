// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/models/pose_generator.hpp"
#include "stgmamba/music/features.hpp"
#include "stgmamba/nn/audio_encoder.hpp"
#include "stgmamba/nn/ssm.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::models {
namespace {

using torch::Tensor;

GeneratorHandle from_text(const std::string& model, std::uint64_t seed = 1) {
  const auto document = config::Document::parse("model: {" + model + "}", "test");
  GeneratorHandle handle = make_generator(document.root().section("model"), seed);
  document.finish();
  return handle;
}

GeneratorHandle from_row(const std::string& row) {
  const auto document = config::Document::load(std::string(STG_SOURCE_DIR) + "/configs/methods/" + row + ".yaml");
  GeneratorHandle handle = make_generator(document.root().section("model"), 1);
  document.finish();
  return handle;
}

const std::string kTiny = "name: stg_mamba, d: 16, blocks: 2, d_state: 3";

Tensor run(const GeneratorHandle& model, std::int64_t frames = 6) {
  torch::manual_seed(5);
  const torch::NoGradGuard no_grad;
  const Tensor audio = torch::randn({2, frames, 1600}) * 0.1;
  return model.network->forward(audio, sample_noise(model.noise, 1, "test", {0, 1}, frames));
}

TEST(Generators, HaveTheirParameterCounts) {
  const std::map<std::string, std::int64_t> counts = {
      {"s1_6", 2992696}, {"s1_2", 2931256}, {"s1_3", 2931256}, {"s1_0", 2901560}, {"s1_1", 8982664}};
  for (const auto& [row, count] : counts) {
    EXPECT_EQ(weights::parameter_count(*from_row(row).network), count) << row;
  }
  EXPECT_EQ(weights::parameter_count(*nn::AudioCode()), 258256);
  EXPECT_EQ(weights::parameter_count(*nn::AudioEncoder(nn::AudioEncoderConfig{})), 2361808);
  EXPECT_NEAR(static_cast<double>(weights::parameter_count(*from_row("s1_1s").network)), 2992696, 3000);
}

TEST(Generators, EveryRowDances) {
  for (const char* row : {"s1_0", "s1_0g", "s1_1", "s1_1s", "s1_2", "s1_3", "s1_4", "s1_5", "s1_6", "s1_6g"}) {
    const Tensor pose = run(from_row(row), 3);
    EXPECT_EQ(pose.sizes(), (std::vector<std::int64_t>{2, 3, 18, 2})) << row;
    EXPECT_TRUE(pose.isfinite().all().item<bool>()) << row;
    EXPECT_LE(pose.abs().max().item<double>(), 1.0) << row;
  }
}

TEST(Generators, EveryOptionChangesTheOutput) {
  const Tensor plain = run(from_text(kTiny));
  for (const char* option : {"expand: 3",
                             "mlp: 2",
                             "gate: per_branch",
                             "spatial: false",
                             "forward: false",
                             "backward: false",
                             "spatial_direction: both",
                             "spatial_direction: forward",
                             "joint_order: openpose",
                             "temporal_scan: flattened",
                             "out_mlp: per_branch",
                             "residual: false",
                             "music_gru: false",
                             "representation: root_velocity",
                             "audio_scale: int16",
                             "graph: {weights: dense}",
                             "graph: {partition: stgcn}",
                             "graph: {partition: uniform}",
                             "graph: {temporal_kernel: 3}",
                             "head: {concat: blocks}",
                             "noise: {mode: frame}",
                             "noise: {sigma: 1.0}"}) {
    EXPECT_FALSE(torch::equal(run(from_text(kTiny + ", " + option)), plain)) << option;
  }
}

/// The root's path is its summed velocities about the place it was given; the body hangs on it.
TEST(Generators, RootVelocityIsAPathWithABodyOnIt) {
  const GeneratorHandle model = from_text(kTiny + ", representation: root_velocity");
  const Tensor median = torch::linspace(-0.6, 0.5, 36).view({18, 2});
  model.network->set_median_pose(median);
  const auto place = model.network->named_buffers()["root_place"];
  EXPECT_TRUE(torch::equal(place, median[1]));
  const Tensor pose = run(model, 9);  // [2, 9, 18, 2]
  EXPECT_LT((pose - median).abs().max().item<double>(), 0.15);
  EXPECT_LT((pose.select(2, 1).mean(1) - median[1]).abs().max().item<double>(), 1e-6);

  const torch::NoGradGuard no_grad;
  auto bias = model.network->named_parameters()["head.bias"];
  bias[2] = 10.0;  // the root goes as fast as it may to the right
  const Tensor moved = run(model, 9);
  const Tensor steps = moved.slice(1, 1) - moved.slice(1, 0, 8);
  EXPECT_LT((steps.select(2, 1).select(2, 0) - 0.1).abs().max().item<double>(), 1e-3);
  const Tensor body = moved - moved.narrow(2, 1, 1), before = pose - pose.narrow(2, 1, 1);
  EXPECT_LT((body - before).abs().max().item<double>(), 1e-5);
}

TEST(Generators, EveryOptionOfMdvsChangesTheOutput) {
  const std::string tiny = "name: mdvs, width: 8";
  const Tensor plain = run(from_text(tiny));
  for (const char* option : {"audio_scale: int16", "noise: {mode: clip}", "noise: {sigma: 1.0}"}) {
    EXPECT_FALSE(torch::equal(run(from_text(tiny + ", " + option)), plain)) << option;
  }
  const auto trained = [&tiny](const char* dropout) {
    const GeneratorHandle model = from_text(tiny + ", dropout: " + dropout);
    model.network->train();
    torch::manual_seed(1);
    return run(model);
  };
  EXPECT_FALSE(torch::equal(trained("0"), trained("0.5")));
}

TEST(Generators, EveryParameterGetsAGradient) {
  const std::string features = ", music: {features: mel_onset_beat}";
  for (const std::string& text : {kTiny, std::string("name: mdvs, width: 8"), kTiny + features}) {
    const GeneratorHandle model = from_text(text);
    const Tensor audio = torch::randn({2, 6, model.music.hears_samples() ? 1600 : music::kFeatureSize});
    const Tensor pose = model.network->forward(audio, sample_noise(model.noise, 1, "test", {0, 1}, 6));
    (pose * torch::randn_like(pose)).sum().backward();
    for (const auto& entry : model.network->named_parameters()) {
      ASSERT_TRUE(entry.value().grad().defined()) << entry.key();
      EXPECT_GT(entry.value().grad().abs().max().item<double>(), 0.0) << entry.key();
    }
  }
}

TEST(Generators, HearFeaturesInPlaceOfSamples) {
  const std::string features = ", music: {features: mel_onset_beat}";
  for (const std::string& text : {kTiny, std::string("name: mdvs, width: 8")}) {
    const GeneratorHandle model = from_text(text + features);
    EXPECT_EQ(model.music.features, "mel_onset_beat");
    EXPECT_EQ(model.network->encode(torch::randn({2, 6, music::kFeatureSize})).size(2), 256);
    EXPECT_THAT(test::error_of([&] { from_text(text + features + ", audio_scale: int16"); }),
                testing::HasSubstr("leave it at unit"));
  }
}

TEST(Generators, TheFirstOutputIsTheMedianPose) {
  const GeneratorHandle model = from_text(kTiny);
  const Tensor pose = torch::rand({18, 2}) - 0.5;
  model.network->set_median_pose(pose);
  EXPECT_LT((run(model) - pose).abs().max().item<double>(), 0.05);
}

TEST(Generators, OtherNoiseIsAnotherDance) {
  const GeneratorHandle model = from_text(kTiny);
  const torch::NoGradGuard no_grad;
  const Tensor tokens = model.network->encode(torch::randn({1, 5, 1600}));
  const Tensor noise = sample_noise(model.noise, 1, "z", {0}, 5, 2);
  EXPECT_FALSE(torch::equal(model.network->decode(tokens, noise[0].unsqueeze(0)),
                            model.network->decode(tokens, noise[1].unsqueeze(0))));
}

TEST(Noise, IsAFunctionOfItsAddress) {
  const NoiseConfig clip;
  const NoiseConfig frame{.mode = "frame"};
  const Tensor one = sample_noise(clip, 1, "z", {7}, 4, 3);
  const Tensor many = sample_noise(clip, 1, "z", {5, 7, 9}, 4, 3);
  EXPECT_EQ(many.sizes(), (std::vector<std::int64_t>{9, 4, 10}));
  for (std::int64_t draw = 0; draw < 3; ++draw) {
    EXPECT_TRUE(torch::equal(one[draw], many[draw * 3 + 1]));
  }
  EXPECT_TRUE(torch::equal(one[0][0], one[0][3]));  // one z a clip
  const Tensor each = sample_noise(frame, 1, "z", {7}, 4);
  EXPECT_FALSE(torch::equal(each[0][0], each[0][3]));
  EXPECT_NEAR(sample_noise(frame, 1, "z", {1}, 2000).std().item<double>(), 0.33, 0.02);
}

TEST(Scans, KeepTheirPromisesAboutTimeAndJoints) {
  // Influence of every (frame, joint) of u on one output node, through one scan branch.
  const auto influence = [](ops::ScanAxis axis, bool reverse) {
    torch::manual_seed(2);
    nn::Ssm ssm(16, 6, 4);
    const Tensor u = torch::randn({1, 5, 18, 6}).requires_grad_();
    ops::ScanBranch branch = ssm->branch(torch::matmul(u, ssm->projection().t()));
    branch.axis = axis;
    branch.reverse = reverse;
    const Tensor y = ops::selective_scan(u, {branch})[0].y;
    return torch::autograd::grad({y[0][2][9].sum()}, {u})[0].abs().sum(-1)[0] > 0;  // [F, V]
  };
  const Tensor forward = influence(ops::ScanAxis::kFrames, false);
  const Tensor backward = influence(ops::ScanAxis::kFrames, true);
  const Tensor spatial = influence(ops::ScanAxis::kJoints, false);
  for (std::int64_t f = 0; f < 5; ++f) {
    for (std::int64_t v = 0; v < 18; ++v) {
      EXPECT_EQ(forward[f][v].item<bool>(), f <= 2 && v == 9) << f << " " << v;
      EXPECT_EQ(backward[f][v].item<bool>(), f >= 2 && v == 9) << f << " " << v;
      EXPECT_EQ(spatial[f][v].item<bool>(), f == 2 && v <= 9) << f << " " << v;
    }
  }
}

TEST(Weights, RoundTripIsBitEqualAndStrict) {
  const test::TempFolder folder;
  const GeneratorHandle model = from_text(kTiny, 1);
  const GeneratorHandle other = from_text(kTiny, 2);
  model.network->eval();  // in training mode a run moves the running statistics
  other.network->eval();
  weights::save_module(folder / "g.safetensors", *model.network, {{"method", "stg_mamba"}});
  EXPECT_FALSE(torch::equal(run(model), run(other)));
  weights::load_module(folder / "g.safetensors", *other.network);
  EXPECT_TRUE(torch::equal(run(model), run(other)));
  const GeneratorHandle wider = from_text("name: stg_mamba, d: 20, blocks: 2, d_state: 3");
  EXPECT_THAT(test::error_of([&] { weights::load_module(folder / "g.safetensors", *wider.network); }),
              testing::HasSubstr("of another shape: blocks.0"));
  const GeneratorHandle longer = from_text("name: stg_mamba, d: 16, blocks: 3, d_state: 3");
  EXPECT_THAT(test::error_of([&] { weights::load_module(folder / "g.safetensors", *longer.network); }),
              testing::HasSubstr("missing: blocks.2"));
  EXPECT_EQ(test::exit_code_of([&] { weights::load_module(folder / "g.safetensors", *longer.network); }), 5);
}

}  // namespace
}  // namespace stgmamba::models
