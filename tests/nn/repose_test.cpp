// SPDX-License-Identifier: MIT
#include "stgmamba/nn/repose.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"

#include "support/error_between.hpp"
#include "support/gradcheck_along.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::nn {
namespace {

using at::Tensor;
using skeleton::Joint;

constexpr std::int64_t kSide = 96;

/// A person who stands with both arms stretched out, trunk 24 px: [1, 18, 3].
Tensor standing(double x = 48, double y = 24) {
  constexpr std::array<std::array<double, 2>, skeleton::kJoints> kPlaces = {{{0, -10},
                                                                             {0, 0},
                                                                             {-6, 0},
                                                                             {-18, 0},
                                                                             {-30, 0},
                                                                             {6, 0},
                                                                             {18, 0},
                                                                             {30, 0},
                                                                             {-5, 24},
                                                                             {-6, 40},
                                                                             {-7, 56},
                                                                             {5, 24},
                                                                             {6, 40},
                                                                             {7, 56},
                                                                             {-2, -12},
                                                                             {2, -12},
                                                                             {-4, -11},
                                                                             {4, -11}}};
  Tensor joints = torch::ones({1, skeleton::kJoints, 3}, torch::kDouble);
  for (std::int64_t v = 0; v < skeleton::kJoints; ++v) {
    joints[0][v][0] = x + kPlaces[static_cast<std::size_t>(v)][0];
    joints[0][v][1] = y + kPlaces[static_cast<std::size_t>(v)][1];
  }
  return joints;
}

void move(Tensor& joints, Joint joint, double x, double y) {
  joints[0][joint][0] = x;
  joints[0][joint][1] = y;
}

/// A grey room with a bright spot of 5 x 5 at a place.
Tensor room_with(std::int64_t x, std::int64_t y) {
  Tensor image = torch::full({1, 3, kSide, kSide}, 0.25, torch::kDouble);
  image.slice(2, y - 2, y + 3).slice(3, x - 2, x + 3).fill_(1.0);
  return image;
}
double at(const Tensor& image, std::int64_t x, std::int64_t y) {
  return image[0][0][y][x].item<double>();
}

TEST(Repose, AForearmTurnsAboutItsElbowAndLeavesTheRoomBehind) {
  const Tensor image = room_with(72, 24);  // halfway along the left forearm
  const Tensor from = standing();
  Tensor to = from.clone();
  move(to, skeleton::kLeftWrist, 66, 12);  // from pointing right to pointing up
  const Tensor made = repose(image, from, to);
  EXPECT_NEAR(at(made, 66, 18), 1.0, 1e-6);
  EXPECT_NEAR(at(made, 67, 17), 1.0, 1e-6);
  EXPECT_NEAR(at(made, 72, 24), 0.25, 1e-6);
  EXPECT_NEAR(at(made, 24, 24), 0.25, 1e-6);  // the other arm
}

TEST(Repose, AHatDoesNotStayBehind) {
  Tensor image = torch::full({1, 3, kSide, kSide}, 0.25, torch::kDouble);
  image.slice(2, 5, 9).slice(3, 42, 55).fill_(1.0);  // a brim wider than the head
  const Tensor made = repose(image, standing(), standing(48, 38));
  EXPECT_LT(made.slice(2, 0, 10).max().item<double>(), 0.3);
}

TEST(Repose, ALimbStretchesAlongItsBoneAlone) {
  const Tensor image = room_with(72, 24);
  const Tensor from = standing();
  Tensor to = from.clone();
  move(to, skeleton::kLeftWrist, 90, 24);  // twice as long: the spot is 10 x 5 about (78, 24)
  const Tensor made = repose(image, from, to);
  EXPECT_GT(at(made, 74, 24), 0.9);
  EXPECT_GT(at(made, 82, 24), 0.9);
  EXPECT_LT(at(made, 72, 24), 0.5);
  EXPECT_GT(at(made, 78, 25), 0.9);
  EXPECT_LT(at(made, 78, 28), 0.3);
}

TEST(Repose, WhoDoesNotMoveIsNotTouched) {
  torch::manual_seed(5);
  const Tensor image = torch::rand({1, 3, kSide, kSide}, torch::kDouble);
  EXPECT_LT(test::error_between(repose(image, standing(), standing()), image), 1e-12);
  Tensor to = standing();
  move(to, skeleton::kLeftWrist, 66, 12);
  const Tensor made = repose(image, standing(), to);
  EXPECT_LT(test::error_between(made.slice(3, 0, 40), image.slice(3, 0, 40)), 1e-12);  // the right side
  EXPECT_GT((made - image).slice(3, 60, 80).abs().mean().item<double>(), 0.01);
}

TEST(Repose, AWholePersonIsCarriedPixelByPixel) {
  torch::manual_seed(1);
  const Tensor image = torch::rand({1, 3, kSide, kSide}, torch::kDouble);
  const Tensor made = repose(image, standing(), standing(52, 27));
  const auto trunk = [](const Tensor& picture, std::int64_t x, std::int64_t y) {
    return picture.slice(2, y + 4, y + 20).slice(3, x - 5, x + 6);
  };
  EXPECT_LT(test::error_between(trunk(made, 52, 27), trunk(image, 48, 24)), 1e-12);
  // Far from the person nothing changes.
  EXPECT_TRUE(torch::equal(made.slice(3, 0, 8), image.slice(3, 0, 8)));
}

TEST(Repose, ANearerPersonIsWider) {
  Tensor image = room_with(48, 40);  // on the trunk
  image.slice(2, 36, 45).slice(3, 44, 53).fill_(1.0);
  Tensor from = standing(), to = from.clone();
  to.slice(2, 0, 2).sub_(torch::tensor({48.0, 40.0})).mul_(1.5).add_(torch::tensor({48.0, 40.0}));
  const Tensor made = repose(image, from, to);
  EXPECT_GT(at(made, 53, 40), 0.9);  // 4 px beside the middle have become 6
  EXPECT_LT(at(made, 56, 40), 0.3);
}

TEST(Repose, WhatIsNotSeenIsNotMoved) {
  torch::manual_seed(2);
  const Tensor image = torch::rand({2, 3, 33, 47}, torch::kDouble);
  const Tensor nobody = torch::zeros({2, skeleton::kJoints, 3}, torch::kDouble);
  EXPECT_TRUE(torch::equal(repose(image, nobody, nobody), image));
  EXPECT_TRUE(torch::equal(repose(image, nobody, standing().expand({2, -1, -1})), image));
  EXPECT_TRUE(torch::equal(repose(image, standing().expand({2, -1, -1}), nobody), image));
  // A forearm that one of the poses lacks is not drawn, wherever its wrist may be said to lie.
  for (const bool source : {true, false}) {
    Tensor from = standing(), to = from.clone();
    move(to, skeleton::kLeftWrist, 66, 12);
    (source ? from : to)[0][skeleton::kLeftWrist] = torch::tensor({std::nan(""), std::nan(""), 0.0}, torch::kDouble);
    const Tensor made = repose(room_with(72, 24), from, to);
    EXPECT_TRUE(made.isfinite().all().item<bool>());
    EXPECT_NEAR(at(made, 66, 14), 0.25, 1e-6);
    EXPECT_NEAR(at(made, 72, 24), source ? 1.0 : 0.25, 1e-6);  // what is not known to be the person is the room
  }
}

TEST(Repose, ALimbWithoutLengthIsADisc) {
  const Tensor image = room_with(72, 24);
  for (const bool source : {true, false}) {
    Tensor from = standing(), to = standing(50, 26);
    move(source ? from : to, skeleton::kLeftWrist, source ? 66 : 68, source ? 24 : 26);  // on the elbow
    const Tensor made = repose(image, from, to);
    EXPECT_NEAR(at(made, 5, 5), 0.25, 1e-6) << source;  // the room is still there
    EXPECT_NEAR(at(made, 90, 90), 0.25, 1e-6) << source;
    EXPECT_GE(made.min().item<double>(), 0.25 - 1e-6);
  }
}

TEST(Repose, AHiddenHipDoesNotChangeTheLimbs) {
  const Tensor image = room_with(72, 24), from = standing();
  Tensor to = from.clone();
  move(to, skeleton::kLeftWrist, 66, 12);
  const Tensor whole = repose(image, from, to);
  for (const bool source : {true, false}) {
    Tensor a = from.clone(), b = to.clone();
    (source ? a : b)[0][skeleton::kRightHip][2] = 0.0;
    const Tensor made = repose(image, a, b);
    EXPECT_LT(test::error_between(made.slice(2, 8, 30).slice(3, 62, 80), whole.slice(2, 8, 30).slice(3, 62, 80)), 1e-9);
  }
}

TEST(Repose, FramesDoNotDependOnTheirBatch) {
  torch::manual_seed(3);
  const Tensor image = torch::rand({2, 3, kSide, kSide}),
               from = torch::cat({standing(), standing(40, 20)}).to(torch::kFloat);
  const Tensor to = torch::cat({standing(50, 30), standing(44, 26)}).to(torch::kFloat);
  const Tensor both = repose(image, from, to);
  for (std::int64_t i = 0; i < 2; ++i) {
    const auto one = [i](const Tensor& x) { return x.narrow(0, i, 1); };
    EXPECT_TRUE(torch::equal(one(both), repose(one(image), one(from), one(to))));
  }
}

TEST(Repose, GradientsReachTheImageAndNotTheJoints) {
  torch::manual_seed(4);
  Tensor image = torch::rand({1, 2, 64, 64}, torch::kDouble).requires_grad_();
  Tensor from = standing(32, 5), to = standing(34, 6);
  move(to, skeleton::kLeftWrist, 52, 0);
  test::gradcheck_along([&] { return repose(image, from, to); }, {{"image", image}});
  from.requires_grad_();
  repose(image, from, to).sum().backward();
  EXPECT_FALSE(from.grad().defined());
}

TEST(Repose, ShapesAreChecked) {
  const Tensor image = torch::rand({2, 3, 8, 8}), joints = torch::zeros({2, skeleton::kJoints, 3});
  EXPECT_EQ(test::exit_code_of([&] { repose(image, joints, joints.narrow(0, 0, 1)); }), 1);
  EXPECT_EQ(test::exit_code_of([&] { repose(image, joints.narrow(1, 0, 17), joints); }), 1);
  EXPECT_EQ(test::exit_code_of([&] { repose(image[0], joints, joints); }), 1);
  EXPECT_EQ(test::exit_code_of([&] { repose(image, {}, joints); }), 1);
}

}  // namespace
}  // namespace stgmamba::nn
