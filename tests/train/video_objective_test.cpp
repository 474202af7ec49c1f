// SPDX-License-Identifier: MIT
// The objective of skeleton to video with a generator known in closed form, G(I, S) = a I + b S, that remembers what it
// was asked.
#include "train/video_objective.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace stgmamba::train {
namespace {

constexpr double kA = 0.6, kB = -0.4;
constexpr std::int64_t kRows = 2, kFrames = 4, kHigh = 6, kWide = 5;

class Linear : public models::VideoGenerator {
 public:
  Linear() { a_ = register_parameter("a", torch::tensor(kA)); }
  torch::Tensor render(const models::Photo& photo, const models::Poses& poses) override {
    asked.push_back(photo.image.detach());
    from.push_back(photo.joints);
    to.push_back(poses.joints);
    maps.push_back(poses.maps.detach());
    return a_ * photo.image.unsqueeze(1) + kB * poses.maps;
  }
  std::vector<torch::Tensor> asked;     // conditions of every call
  std::vector<torch::Tensor> from, to;  // joints of conditions and poses
  std::vector<torch::Tensor> maps;

 private:
  torch::Tensor a_;
};

/// Nothing but what the test asks for.
losses::VideoObjectiveConfig bare() {
  losses::VideoObjectiveConfig config;
  losses::apply_preset("paper_eq", config);
  config.gan = 0;
  return config;
}

FilmTensors film(std::int64_t frames = kFrames) {
  torch::manual_seed(4);
  FilmTensors film;
  film.photo = torch::rand({kRows, 3, kHigh, kWide});
  film.real = torch::rand({kRows, frames, 3, kHigh, kWide});
  const torch::Tensor time = torch::arange(frames, torch::kFloat32).square().view({1, frames, 1, 1, 1});
  film.poses = 0.1 * time + torch::rand({kRows, 1, 3, kHigh, kWide});  // not the same backwards
  return film;
}

Turn turn() {
  Turn turn;
  turn.sample = {7, 12};
  return turn;
}

StageLoss run(const losses::VideoObjectiveConfig& config, Linear& generator, const FilmTensors& film) {
  VideoObjective objective(config, {}, 1, torch::kCPU);
  return objective.generator_loss(generator, film, turn());
}

/// Mean over the frames that have a neighbour at `shift` of |I_i - G(I_{i + shift}, S_i)|.
double apart(const FilmTensors& film, std::int64_t shift) {
  const torch::Tensor made = kA * film.photo.unsqueeze(1) + kB * film.poses;
  double sum = 0;
  int count = 0;
  for (std::int64_t i = 0; i < film.poses.size(1); ++i) {
    if (i + shift >= 0 && i + shift < film.poses.size(1)) {
      sum += (made.select(1, i) - kA * made.select(1, i + shift) - kB * film.poses.select(1, i))
                 .abs()
                 .mean()
                 .item<double>();
      ++count;
    }
  }
  return sum / count;
}

TEST(VideoObjective, TheClosedFormHoldsAndExchangedDirectionsWouldShow) {
  const FilmTensors input = film();
  Linear generator;
  const StageLoss loss = run(bare(), generator, input);
  EXPECT_NEAR(loss.parts.at("fsr"), apart(input, -1), 1e-6);
  EXPECT_NEAR(loss.parts.at("bsr"), apart(input, +1), 1e-6);
  EXPECT_GT(std::abs(apart(input, -1) - apart(input, +1)), 0.01);
  const double l1 = (kA * input.photo.unsqueeze(1) + kB * input.poses - input.real).abs().mean().item<double>();
  EXPECT_NEAR(loss.total.item<double>(), 10 * (l1 + apart(input, -1) + apart(input, +1)), 1e-4);
}

TEST(VideoObjective, HalvesAreSkippedWhereTheirWeightIsZero) {
  const auto passes = [](double fsr, double bsr, double control) {
    losses::VideoObjectiveConfig config = bare();
    config.neighbours.fsr = fsr;
    config.neighbours.bsr = bsr;
    config.control = control;
    Linear generator;
    run(config, generator, film());
    std::int64_t pairs = 0;
    for (std::size_t call = 1; call < generator.asked.size(); ++call) {
      pairs += generator.asked[call].size(0);
    }
    return pairs;
  };
  constexpr std::int64_t kHalf = kRows * (kFrames - 1);
  EXPECT_EQ(passes(0, 0, 0), 0);
  EXPECT_EQ(passes(10, 0, 0), kHalf);
  EXPECT_EQ(passes(0, 10, 0), kHalf);
  EXPECT_EQ(passes(10, 10, 0), 2 * kHalf);
  EXPECT_EQ(passes(0, 0, 10), 2 * kHalf);  // the control spends as much
}

TEST(VideoObjective, TheControlAsksFromOtherRealFramesForTheRealFrame) {
  losses::VideoObjectiveConfig config = bare();
  config.neighbours.fsr = config.neighbours.bsr = 0;
  config.l1 = 0;
  config.control = 7;
  const FilmTensors input = film();
  Linear generator;
  const StageLoss loss = run(config, generator, input);
  const torch::Tensor asked = generator.asked.at(1);  // [2 B (F-1), 3, H, W]
  const torch::Tensor frames = torch::cat({input.real, input.photo.unsqueeze(1)}, 1);
  std::set<std::int64_t> places;
  double sum = 0;
  std::int64_t at = 0;
  for (const std::int64_t first : {1, 0}) {
    for (std::int64_t b = 0; b < kRows; ++b) {
      for (std::int64_t f = first; f < first + kFrames - 1; ++f, ++at) {
        std::int64_t found = -1;
        for (std::int64_t j = 0; j <= kFrames; ++j) {
          found = torch::equal(asked[at], frames[b][j]) ? j : found;
        }
        EXPECT_GE(found, 0);
        EXPECT_NE(found, f);
        places.insert(found);
        sum += (kA * asked[at] + kB * input.poses[b][f] - input.real[b][f]).abs().mean().item<double>();
      }
    }
  }
  EXPECT_GE(places.size(), 3U);
  EXPECT_NEAR(loss.total.item<double>(), 7 * sum / (kRows * (kFrames - 1)), 1e-4);
}

TEST(VideoObjective, EveryConditionBringsItsOwnJoints) {
  FilmTensors input = film();
  // A joint's place tells whose it is: 100 row + frame, the photo's 99.
  const torch::Tensor place =
      100 * torch::arange(kRows, torch::kFloat32).view({kRows, 1}) + torch::arange(kFrames, torch::kFloat32);
  const auto joints = [](const torch::Tensor& values) {
    return values.unsqueeze(-1).unsqueeze(-1).expand({-1, -1, 18, 3});
  };
  input.joints = joints(place);
  input.poses = place.view({kRows, kFrames, 1, 1, 1}).expand({-1, -1, 3, kHigh, kWide});  // maps tell it, too
  input.photo_joints = joints(100 * torch::arange(kRows, torch::kFloat32).view({kRows, 1}) + 99).squeeze(1);
  losses::VideoObjectiveConfig config = bare();
  config.control = 1;
  config.neighbours.cond_source = "real";  // so that a condition can be recognised
  Linear generator;
  run(config, generator, input);
  consistency(generator, input, input.real);
  ASSERT_EQ(generator.from.size(), 4U);  // all frames; FSR with BSR; the control; what validation asks
  EXPECT_TRUE(torch::equal(generator.from[0], input.photo_joints));
  EXPECT_TRUE(torch::equal(generator.to[0], input.joints));
  for (const std::size_t call : {1U, 2U, 3U}) {
    ASSERT_EQ(generator.from[call].size(0), 2 * kRows * (kFrames - 1));
    for (std::int64_t at = 0; at < generator.from[call].size(0); ++at) {
      const auto whose = generator.from[call][at][0][0].item<std::int64_t>();
      const std::int64_t row = whose / 100, frame = whose % 100;
      const torch::Tensor picture = frame == 99 ? input.photo[row] : input.real[row][frame];
      EXPECT_TRUE(torch::equal(generator.asked[call][at], picture)) << call << " " << at;
      const torch::Tensor target = generator.to[call][at][0][0][0];
      EXPECT_EQ(target.item<float>(), generator.maps[call][at][0][0][0][0].item<float>());
      EXPECT_EQ(target.item<std::int64_t>() / 100, row);
      EXPECT_NE(target.item<std::int64_t>(), whose);
    }
  }
}

TEST(VideoObjective, OneFrameHasNoNeighbours) {
  Linear generator;
  const FilmTensors input = film(1);
  const StageLoss loss = run(bare(), generator, input);
  EXPECT_EQ(loss.parts.at("fsr"), 0.0);
  EXPECT_EQ(loss.parts.at("bsr"), 0.0);
  EXPECT_EQ(generator.asked.size(), 1U);
  EXPECT_NEAR(loss.total.item<double>(), 10 * loss.parts.at("l1"), 1e-5);
}

TEST(VideoObjective, DetachedConditionsLeaveNoPathToTheNeighbour) {
  // G = c I + b S where the second pass' c could reach the first through I: only with grad_cond is d loss / d a
  // quadratic.
  const auto slope = [](bool grad_cond) {
    losses::VideoObjectiveConfig config = bare();
    config.l1 = 0;
    config.neighbours.stop_target = "base";
    config.neighbours.grad_cond = grad_cond;
    Linear generator;
    const StageLoss loss = run(config, generator, film());
    loss.total.backward();
    return generator.parameters()[0].grad().item<double>();
  };
  EXPECT_GT(std::abs(slope(true) - slope(false)), 1e-3);
}

}  // namespace
}  // namespace stgmamba::train
