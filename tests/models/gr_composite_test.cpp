// SPDX-License-Identifier: MIT
// G_r with its regularisation (skeleton-to-video B2 to B4): what FSR and BSR see of the network, and that it learns.
#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/losses/neighbours.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"
#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/nn/repose.hpp"

#include "support/scoped_threads.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::models {
namespace {

using losses::NeighbourConfig;
using torch::Tensor;

class GrTraining : public testing::Test {
 protected:
  const test::ScopedThreads threads_{1};
};

/// A dancer of two discs that swing, on a background that the photo alone tells: poses [1, F, 3, S, S] and frames.
struct Clip {
  Tensor photo, poses, frames;
};
Clip clip(std::int64_t count, std::int64_t size) {
  const Tensor row = torch::linspace(-1, 1, size).view({size, 1}),
               column = torch::linspace(-1, 1, size).view({1, size});
  const Tensor background = 0.5 * torch::sin(3 * row + 2 * column);
  std::vector<Tensor> poses, frames;
  for (std::int64_t f = 0; f < count; ++f) {
    const double angle = 0.7 * static_cast<double>(f);
    const auto disc = [&](double y, double x) {
      return torch::exp(-20 * ((row - y).square() + (column - x).square()));
    };
    const Tensor arm = disc(0.5 * std::sin(angle), 0.5), leg = disc(0.5, 0.5 * std::cos(angle) - 0.3);
    poses.push_back(torch::stack({2 * arm - 1, 2 * leg - 1, torch::full({size, size}, -1.0)}));
    const Tensor body = (arm + leg).clamp(0, 1);
    frames.push_back(torch::stack({background * (1 - body) + body, background, background * (1 - body) - body}));
  }
  Clip made{{}, torch::stack(poses).unsqueeze(0), torch::stack(frames).unsqueeze(0)};
  made.photo = made.frames.select(1, 0).contiguous();
  return made;
}

GrCompositeConfig small() {
  return {3, {.ngf = 8, .downs = 2, .blocks = 4}};
}

losses::NeighbourLoss regularise(GrComposite& network, const NeighbourConfig& config, const Tensor& frames,
                                 const Tensor& poses) {
  const losses::NeighbourPairs pairs = neighbour_pairs(config, frames, {}, poses);
  const Tensor again = pairs.condition.defined() ? network.generate(pairs.condition, pairs.pose).final : Tensor();
  return neighbour_loss(config, pairs, frames, again);
}

TEST_F(GrTraining, BothAreZeroWhereTheNetworkIsBlindToTheImage) {
  torch::manual_seed(1);
  GrComposite network(small());
  const Clip c = clip(4, 16);
  EXPECT_GT(regularise(network, {}, network.render(c.photo, c.poses), c.poses).total.item<double>(), 1e-3);
  const torch::NoGradGuard no_grad;
  for (auto& entry : network.named_parameters()) {
    if (entry.key().starts_with("model_down_img")) {
      entry.value().zero_();
    }
  }
  // Frames of one batch and of another may differ in the last bits of a convolution.
  EXPECT_LT(regularise(network, {}, network.render(c.photo, c.poses), c.poses).total.item<double>(), 1e-5);
}

TEST_F(GrTraining, EveryRowOfTable5LearnsSomethingElseFromTheFirstStep) {
  const Clip c = clip(4, 16);
  std::vector<Tensor> weights;
  std::vector<double> base;
  for (const auto& [fsr, bsr] : {std::pair{0, 0}, {10, 0}, {0, 10}, {10, 10}}) {
    torch::manual_seed(2);
    GrComposite network(small());
    torch::optim::SGD optimiser(network.parameters(), 0.01);
    const Tensor frames = network.render(c.photo, c.poses);
    const Tensor l1 = (frames - c.frames).abs().mean();
    const NeighbourConfig config{.fsr = static_cast<double>(fsr), .bsr = static_cast<double>(bsr)};
    (10 * l1 + regularise(network, config, frames, c.poses).total).backward();
    optimiser.step();
    base.push_back(l1.item<double>());
    weights.push_back(network.named_parameters()["model_down_img.1.weight"].detach().clone());
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_EQ(base[i], base[0]);
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(torch::equal(weights[i], weights[j])) << i << " " << j;
    }
  }
}

TEST_F(GrTraining, MayBeginAsThePhotoItself) {
  const auto made = [](const std::string& model) {
    const auto document =
        config::Document::parse("model: {name: gr_composite, ngf: 8, downs: 2, blocks: 4" + model + "}", "test");
    const Clip c = clip(2, 32);
    const torch::NoGradGuard no_grad;
    const auto network = make_video_generator(document.root().section("model"), 1);
    document.finish();
    return (network->render(c.photo.to(torch::kFloat), c.poses.to(torch::kFloat)) - c.photo.unsqueeze(1))
        .abs()
        .mean()
        .item<double>();
  };
  EXPECT_LT(made(", flow: true, start: image"), 0.02);
  EXPECT_GT(made(", flow: true"), 0.1);
  EXPECT_EQ(test::exit_code_of([&] { made(", start: image"); }), 3);
}

TEST_F(GrTraining, MayBeShownThePhotoInTheFramesPose) {
  torch::manual_seed(5);
  GrCompositeConfig config = small();
  GrComposite plain(config);
  config.condition = "reposed";
  torch::manual_seed(5);
  GrComposite network(config);
  EXPECT_TRUE(network.needs_joints() && !plain.needs_joints());
  const Clip c = clip(3, 32);
  const Tensor from = 32 * torch::rand({1, 18, 3}), to = 32 * torch::rand({1, 3, 18, 3});
  const torch::NoGradGuard no_grad;
  const Tensor made = network.render({c.photo, from}, {c.poses, to});
  EXPECT_FALSE(torch::allclose(made, plain.render(c.photo, c.poses)));
  for (std::int64_t f = 0; f < 3; ++f) {
    const Tensor shown = nn::repose(c.photo, from, to.select(1, f));
    EXPECT_TRUE(torch::allclose(made.select(1, f), plain.generate(shown, c.poses.select(1, f)).final, 1e-4, 1e-5)) << f;
  }
  EXPECT_EQ(test::exit_code_of([&] { network.render(c.photo, c.poses); }), 1);
}

TEST_F(GrTraining, OverfitsEightFrames) {
  torch::manual_seed(3);
  GrComposite network(small());
  nn::init_image_network(network);
  const Clip c = clip(8, 64);
  torch::optim::Adam optimiser(network.parameters(), torch::optim::AdamOptions(2e-3).betas({0.5, 0.999}));
  const double copied = (c.photo.unsqueeze(1) - c.frames).abs().mean().item<double>();  // the photo at every frame
  double l1 = 1.0;
  for (int step = 0; step < 300 && l1 >= 0.4 * copied; ++step) {
    optimiser.zero_grad();
    const Tensor loss = (network.render(c.photo, c.poses) - c.frames).abs().mean();
    loss.backward();
    optimiser.step();
    l1 = loss.item<double>();
  }
  RecordProperty("l1", std::to_string(l1));
  EXPECT_LT(l1, 0.4 * copied);
  EXPECT_LT(l1, 0.05);
}

}  // namespace
}  // namespace stgmamba::models
