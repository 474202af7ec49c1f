// SPDX-License-Identifier: MIT
// Baseline, forward and backward by a generator whose answers can be written down: G(I, S) = a I + b S.
#include "stgmamba/infer/strategy.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using infer::StrategyConfig;
using torch::Tensor;
constexpr double kA = 0.5, kB = 0.25;

class LinearGenerator : public models::VideoGenerator {
 public:
  Tensor render(const models::Photo& photo, const models::Poses& poses) override {
    largest = std::max(largest, poses.maps.size(0));
    return kA * photo.image.unsqueeze(1) + kB * poses.maps;
  }
  std::int64_t largest = 0;  // batch
};

/// Nothing in it is symmetric in time. [5, 3, 2, 4]
Tensor poses() {
  return torch::tensor({1.0, 4.0, -3.0, 10.0, 7.0}).view({5, 1, 1, 1}) + torch::arange(24.0).view({3, 2, 4}) / 24;
}
Tensor photo() {
  return torch::linspace(-1, 1, 24).view({3, 2, 4});
}
StrategyConfig by(const char* strategy, bool chained = false) {
  return {strategy, chained, 2};
}

TEST(Strategy, FramesAreTheClosedForm) {
  LinearGenerator g;
  const Tensor s = poses(), base = kA * photo() + kB * s;
  EXPECT_TRUE(torch::allclose(infer::render_frames(g, photo(), s, by("baseline")), base));
  EXPECT_EQ(g.largest, 2);
  const Tensor forward = infer::render_frames(g, photo(), s, by("forward")),
               backward = infer::render_frames(g, photo(), s, by("backward"));
  EXPECT_TRUE(torch::allclose(forward[0], base[0]));
  EXPECT_TRUE(torch::allclose(backward[4], base[4]));
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(torch::allclose(forward[i + 1], kA * base[i] + kB * s[i + 1])) << i;
    EXPECT_TRUE(torch::allclose(backward[i], kA * base[i + 1] + kB * s[i])) << i;
  }
}

TEST(Strategy, ChainedFramesFollowFromEachOther) {
  LinearGenerator g;
  const Tensor s = poses();
  const Tensor forward = infer::render_frames(g, photo(), s, by("forward", true)),
               backward = infer::render_frames(g, photo(), s, by("backward", true));
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(torch::allclose(forward[i + 1], kA * forward[i] + kB * s[i + 1])) << i;
    EXPECT_TRUE(torch::allclose(backward[i], kA * backward[i + 1] + kB * s[i])) << i;
  }
  EXPECT_FALSE(torch::allclose(forward, infer::render_frames(g, photo(), s, by("forward"))));
}

/// I = a photo + b S + (what the joints say): how far the pose is from the condition's.
class JointGenerator : public models::VideoGenerator {
 public:
  Tensor render(const models::Photo& photo, const models::Poses& poses) override {
    const Tensor moved = poses.joints - photo.joints.unsqueeze(1);  // [B, F, 18, 3]
    return kA * photo.image.unsqueeze(1) + kB * poses.maps + moved.mean({2, 3}).view({-1, poses.maps.size(1), 1, 1, 1});
  }
  bool needs_joints() const override { return true; }
};

TEST(Strategy, JointsGoWithThePictures) {
  JointGenerator g;
  const Tensor places = torch::tensor({2.0, 5.0, -1.0, 8.0, 3.0});  // of the five poses; the photo's is 1
  const models::Poses s(poses(), places.view({5, 1, 1}).expand({5, 18, 3}));
  const models::Photo person(photo(), torch::ones({18, 3}));
  const Tensor base = infer::render_frames(g, person, s, by("baseline"));
  EXPECT_TRUE(torch::allclose(base, kA * photo() + kB * s.maps + (places - 1).view({5, 1, 1, 1})));
  for (const bool chained : {false, true}) {
    const Tensor forward = infer::render_frames(g, person, s, by("forward", chained)),
                 backward = infer::render_frames(g, person, s, by("backward", chained));
    for (int i = 0; i < 4; ++i) {
      const Tensor &before = chained ? forward[i] : base[i], &after = chained ? backward[i + 1] : base[i + 1];
      EXPECT_TRUE(
          torch::allclose(forward[i + 1], kA * before + kB * s.maps[i + 1] + places[i + 1] - places[i], 1e-5, 1e-5))
          << i;
      EXPECT_TRUE(torch::allclose(backward[i], kA * after + kB * s.maps[i] + places[i] - places[i + 1], 1e-5, 1e-5))
          << i;
    }
  }
}

TEST(Strategy, ConsistencyIsTheDifferenceOfTheThree) {
  LinearGenerator g;
  const Tensor s = poses();
  for (const bool chained : {false, true}) {
    const Tensor base = infer::render_frames(g, photo(), s),
                 forward = infer::render_frames(g, photo(), s, by("forward", chained)),
                 backward = infer::render_frames(g, photo(), s, by("backward", chained));
    const auto result = infer::measure_consistency(g, photo(), s, by("baseline", chained));
    const auto mean = [](const Tensor& a, const Tensor& b, int first, int last) {
      return (a - b).slice(0, first, last).abs().mean().item<double>();
    };
    EXPECT_NEAR(result.forward, mean(base, forward, 1, 5), 1e-6);
    EXPECT_NEAR(result.backward, mean(base, backward, 0, 4), 1e-6);
    EXPECT_NEAR(result.both, mean(forward, backward, 1, 4), 1e-6);
    ASSERT_EQ(result.forward_steps.size(), 4U);
    EXPECT_NEAR(result.forward_steps[2], mean(base, forward, 3, 4), 1e-6);
    EXPECT_NEAR(result.backward_steps[0], mean(base, backward, 3, 4), 1e-6);  // the last frame but one
  }
}

TEST(Strategy, ShortClipsHaveNoPairs) {
  LinearGenerator g;
  const auto one = infer::measure_consistency(g, photo(), poses().narrow(0, 0, 1));
  EXPECT_TRUE(std::isnan(one.forward) && std::isnan(one.backward) && std::isnan(one.both));
  const auto two = infer::measure_consistency(g, photo(), poses().narrow(0, 0, 2));
  EXPECT_TRUE(std::isfinite(two.forward) && std::isfinite(two.backward) && std::isnan(two.both));
}

TEST(Strategy, OfRecurrentNetworksIsTheirOwn) {
  at::set_num_threads(1);
  torch::manual_seed(1);
  models::Vid2VidConfig config;
  config.network = {.ngf = 2, .downs = 1, .blocks = 2};
  models::Vid2Vid network(config);
  const Tensor s = torch::randn({7, 3, 8, 10}), person = torch::randn({3, 8, 10}).clamp(-1, 1);
  const Tensor whole = infer::render_frames(network, person, s);
  EXPECT_TRUE(torch::allclose(whole, network.render(person.unsqueeze(0), s.unsqueeze(0)).squeeze(0)));
  EXPECT_FALSE(whole.requires_grad());
  EXPECT_EQ(exit_code_of([&] { infer::render_frames(network, person, s, by("forward")); }), 2);
  EXPECT_EQ(exit_code_of([&] { infer::measure_consistency(network, person, s); }), 2);
}

TEST(Strategy, IsReadFromItsSection) {
  const auto read = [](const char* text) {
    StrategyConfig config;
    infer::read(config::Document::parse(text, "a.yaml").root().section("infer"), config);
    return config;
  };
  EXPECT_EQ(read("infer: {}").strategy, "baseline");
  const StrategyConfig config = read("infer: {strategy: backward, chained: true, batch: 3}");
  EXPECT_EQ(config.strategy, "backward");
  EXPECT_TRUE(config.chained);
  EXPECT_EQ(config.batch, 3);
  EXPECT_EQ(exit_code_of([&] { read("infer: {strategy: sideways}"); }), 3);
  EXPECT_EQ(exit_code_of([&] { read("infer: {batch: 0}"); }), 3);
}

}  // namespace
}  // namespace stgmamba::test
