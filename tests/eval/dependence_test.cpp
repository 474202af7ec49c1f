// SPDX-License-Identifier: MIT
// The numbers of Figure 9: against finite differences, against the scan's formula written out, and the zeros that the
// network's structure promises.
#include "stgmamba/eval/dependence.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/eval/clip_maker.hpp"
#include "stgmamba/models/stg_mamba/generator.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

#include "eval/toy_dancer.hpp"
#include "support/temp_folder.hpp"
#include "support/xml.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;

/// A small network in double precision whose lift and scans are not near zero.
infer::MotionModel small_model(const std::string& branches) {
  const std::string text =
      "model: {name: stg_mamba, d: 5, blocks: 2, expand: 2, d_state: 3, scan: {backend: reference}, " + branches +
      "}\n";
  const auto document = config::Document::parse(text, "test");
  infer::MotionModel model;
  model.generator = models::make_generator(document.root().section("model"), 7);
  model.generator.network->to(torch::kDouble);
  model.generator.network->eval();
  return model;
}

std::vector<float> sound() {
  util::Random random(3, "sound");
  std::vector<float> samples(static_cast<std::size_t>(eval::kClipSamples));
  for (float& sample : samples) {
    sample = static_cast<float>(0.3 * random.normal());
  }
  return samples;
}

/// What block 1 of the model reads.
torch::Tensor second_input(const infer::MotionModel& model, const eval::DependenceOptions& options) {
  const torch::NoGradGuard no_gradients;
  auto& generator = dynamic_cast<models::StgMambaGenerator&>(*model.generator.network);
  std::vector<float> samples = sound();
  const torch::Tensor audio =
      torch::from_blob(samples.data(), {1, 50, data::kSamplesPerFrame}).to(torch::kDouble);  // [1, F, r]
  const torch::Tensor noise = models::sample_noise(model.generator.noise, options.seed, "eval", {options.number}, 50);
  return generator.block(0).forward(generator.lift(generator.encode(audio), noise.to(torch::kDouble)));
}

TEST(Dependence, BlockResponsesAreTheNormsOfFiniteDifferences) {
  const infer::MotionModel model = small_model("spatial: true, forward: true, backward: true");
  eval::DependenceOptions options;
  options.block = 1;
  options.frame = 20;
  options.joint = skeleton::kLeftElbow;
  options.number = 4;
  const eval::Dependence dependence = eval::node_dependence(model, sound(), options);
  const torch::Tensor input = second_input(model, options);  // [1, F, V, d]
  auto& block = dynamic_cast<models::StgMambaGenerator&>(*model.generator.network).block(1);
  const torch::NoGradGuard no_gradients;
  constexpr double kStep = 1e-5;
  int reached = 0;
  const std::pair<std::int64_t, int> nodes[] = {{20, 6}, {20, 7}, {20, 0}, {19, 6}, {23, 6}, {12, 6}, {21, 13}};
  for (const auto& [frame, joint] : nodes) {
    double squares = 0.0;
    for (std::int64_t c = 0; c < 5; ++c) {
      torch::Tensor more = input.clone();
      torch::Tensor less = input.clone();
      more[0][frame][joint][c] += kStep;
      less[0][frame][joint][c] -= kStep;
      const torch::Tensor slope = (block.forward(more)[0][20][6] - block.forward(less)[0][20][6]) / (2 * kStep);  // [d]
      squares += slope.square().sum().item<double>();
    }
    reached += squares > 0.0 ? 1 : 0;
    EXPECT_NEAR(dependence.at(frame, joint), std::sqrt(squares), 1e-6 * std::sqrt(squares) + 1e-10)
        << frame << ", " << joint;
  }
  EXPECT_GE(reached, 5);  // one block does not carry every joint at another frame
}

/// C_t prod(exp(delta A)) delta_s B_s, channel by channel, from the weights.
TEST(Dependence, ScanResponsesAreTheFormulaWrittenOut) {
  const infer::MotionModel model = small_model("spatial: false, forward: true, backward: false");
  eval::DependenceOptions options;
  options.block = 1;
  options.frame = 15;
  options.joint = skeleton::kRightKnee;
  options.response = eval::Response::kScan;
  const eval::Dependence dependence = eval::node_dependence(model, sound(), options);
  auto& block = dynamic_cast<models::StgMambaGenerator&>(*model.generator.network).block(1);
  const torch::NoGradGuard no_gradients;
  const auto weights = block.named_parameters();
  const torch::Tensor u = block.scans_alone(second_input(model, options)).u.detach()[0].select(1, 9);  // [F, D]
  const torch::Tensor projected = torch::matmul(u, weights["forward.x_proj.weight"].t());              // [F, 1 + 2 N]
  const torch::Tensor delta =
      torch::softplus(torch::matmul(projected.slice(1, 0, 1), weights["forward.dt_proj.weight"].t()) +
                      weights["forward.dt_proj.bias"]);           // [F, D]
  const torch::Tensor a = -torch::exp(weights["forward.A_log"]);  // [D, N]
  for (const std::int64_t s : {15 - 1, 15 - 2, 15 - 9, 0}) {
    const torch::Tensor decay = torch::exp(a * delta.slice(0, s + 1, 16).sum(0).unsqueeze(1));  // [D, N]
    const torch::Tensor influence =
        (projected[15].slice(0, 4, 7) * decay * projected[s].slice(0, 1, 4)).sum(1) * delta[s];  // [D]
    const double expected = influence.norm().item<double>();
    EXPECT_GT(expected, 0.0);
    EXPECT_NEAR(dependence.at(s, 9), expected, 1e-9 * expected + 1e-14) << s;
  }
  EXPECT_EQ(dependence.at(16, 9), 0.0);  // the future
  EXPECT_EQ(dependence.at(14, 8), 0.0);  // another joint
}

TEST(Dependence, TheStructureOfTheNetworkShows) {
  eval::DependenceOptions options;
  options.frame = 30;
  const auto reach = [&](const char* branches) {
    const eval::Dependence found = eval::node_dependence(small_model(branches), sound(), options);
    double earlier = 0.0, own = 0.0, later = 0.0;
    for (const eval::Node& node : found.temporal(50 * 18)) {
      (node.frame < 30 ? earlier : later) += node.response;
    }
    for (const eval::Node& node : found.spatial(18)) {
      own += node.response;
    }
    return std::vector<bool>{earlier > 0, own > 0, later > 0};
  };
  EXPECT_EQ(reach("spatial: false, forward: true, backward: false"), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(reach("spatial: false, forward: false, backward: true"), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(reach("spatial: true, forward: false, backward: false"), (std::vector<bool>{false, true, false}));
}

TEST(Dependence, TheStrongestComeFirstAndTheExampleItselfIsLeftOut) {
  eval::Dependence dependence;
  dependence.frames = 3;
  dependence.frame = 1;
  dependence.joint = 4;
  dependence.responses.assign(3 * 18, 0.0);
  dependence.responses[18 + 4] = 99.0;  // its own
  dependence.responses[18 + 7] = 2.0;
  dependence.responses[18 + 2] = 3.0;
  dependence.responses[5] = 5.0;
  dependence.responses[2 * 18 + 4] = 7.0;
  const auto spatial = dependence.spatial(2);
  ASSERT_EQ(spatial.size(), 2U);
  EXPECT_EQ(spatial[0].joint, 2);
  EXPECT_EQ(spatial[1].joint, 7);
  const auto temporal = dependence.temporal(2);
  EXPECT_EQ(temporal[0].frame, 2);
  EXPECT_EQ(temporal[0].joint, 4);
  EXPECT_EQ(temporal[1].response, 5.0);
  EXPECT_EQ(dependence.spatial(99).size(), 17U);
}

TEST(Dependence, IsDrawnWithItsNumbers) {
  const infer::MotionModel model = small_model("spatial: true");
  eval::DependenceOptions options;
  const eval::Dependence example = eval::node_dependence(model, sound(), options);
  EXPECT_EQ(example.block, 1);  // the last
  eval::Stretch stretch;
  stretch.title = "a song";
  skeleton::Motion motion(50, 10.0);
  for (std::int64_t f = 0; f < 50; ++f) {
    for (int v = 0; v < 18; ++v) {
      motion.score[static_cast<std::size_t>(f * 18 + v)] = 1.0F;
      motion.x(f, v) = static_cast<float>(300 + 5 * (v % 4));
      motion.y(f, v) = static_cast<float>(100 + 9 * v);
    }
  }
  const eval::Figure one = eval::draw_dependences(stretch, motion, {example}, options.response);
  const eval::Figure two = eval::draw_dependences(stretch, motion, {example, example}, options.response);
  EXPECT_GT(two.canvas.height(), one.canvas.height() + 50);
  EXPECT_EQ(one.numbers["examples"][0]["spatial"].size(), 10U);
  EXPECT_EQ(one.numbers["examples"][0]["temporal"].size(), 20U);
  EXPECT_EQ(one.numbers["examples"][0]["joint"], "right wrist");
  EXPECT_THAT(one.caption, HasSubstr("norm of the derivative"));
  EXPECT_THAT(one.caption, HasSubstr(fmt::format("{:.2g} of the strongest on the left",
                                                 example.temporal(1)[0].response / example.spatial(1)[0].response)));
}

TEST(Dependence, RefusesWhatIsNotThere) {
  eval::DependenceOptions options;
  EXPECT_THAT(error_of([&] { eval::node_dependence(toy_dancer(true), sound(), options); }),
              HasSubstr("must have STGM blocks"));
  options.block = 2;
  const auto ask = [&] { eval::node_dependence(small_model("spatial: true"), sound(), options); };
  EXPECT_EQ(exit_code_of(ask), 2);
  EXPECT_THAT(error_of(ask), HasSubstr("must be under 2, 50 and 18"));
}

}  // namespace
}  // namespace stgmamba::test
