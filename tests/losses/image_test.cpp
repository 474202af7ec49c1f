// SPDX-License-Identifier: MIT
#include "stgmamba/losses/image.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/gradcheck.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::losses {
namespace {

using torch::Tensor;

/// Two scales of three stages, as a discriminator returns them.
ScaleFeatures features(double offset) {
  ScaleFeatures scales;
  for (std::int64_t s = 0; s < 2; ++s) {
    std::vector<Tensor> stages;
    for (std::int64_t i = 0; i < 3; ++i) {
      const std::int64_t count = (2 - s) * (3 - i) + 1;
      stages.push_back(torch::sin(torch::arange(count, torch::kDouble) + offset + static_cast<double>(3 * s + i)));
    }
    scales.push_back(stages);
  }
  return scales;
}

double mean_square(const Tensor& x, double target) {
  return ((x - target) * (x - target)).mean().item<double>();
}

TEST(ImageLoss, LeastSquaresIsSummedOverScales) {
  const ScaleFeatures real = features(0.0), fake = features(0.5);
  EXPECT_NEAR(image_generator_loss(fake).item<double>(), mean_square(fake[0][2], 1) + mean_square(fake[1][2], 1),
              1e-12);
  EXPECT_NEAR(image_discriminator_loss(real, fake).item<double>(),
              0.5 * (mean_square(real[0][2], 1) + mean_square(real[1][2], 1) + mean_square(fake[0][2], 0) +
                     mean_square(fake[1][2], 0)),
              1e-12);
  const ScaleFeatures ones = {{torch::ones({2})}}, zeros = {{torch::zeros({2})}};
  EXPECT_EQ(image_generator_loss(ones).item<double>(), 0.0);
  EXPECT_EQ(image_discriminator_loss(ones, zeros).item<double>(), 0.0);
  EXPECT_EQ(image_discriminator_loss(zeros, ones).item<double>(), 1.0);
}

TEST(ImageLoss, FeatureMatchingLeavesOutTheScoresAndTheRealSide) {
  ScaleFeatures real = features(0.0), fake = features(0.5);
  double wanted = 0.0;
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t i = 0; i < 2; ++i) {
      wanted += 4.0 / 2 / 2 * (fake[s][i] - real[s][i]).abs().mean().item<double>();
    }
  }
  EXPECT_NEAR(image_feature_loss(fake, real).item<double>(), wanted, 1e-12);
  fake[1][2].fill_(1e6);
  EXPECT_NEAR(image_feature_loss(fake, real).item<double>(), wanted, 1e-12);
  real[0][0].requires_grad_();
  fake[0][0].requires_grad_();
  image_feature_loss(fake, real).backward();
  EXPECT_FALSE(real[0][0].grad().defined());
  EXPECT_TRUE(fake[0][0].grad().defined());
}

TEST(ImageLoss, VggWeightsGrowTowardsTheCoarseMaps) {
  std::vector<Tensor> fake(5, torch::zeros({2})), real(5, torch::zeros({2}));
  const double weights[] = {1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0};
  for (std::size_t i = 0; i < 5; ++i) {
    fake[i] = torch::full({2}, 3.0);
    EXPECT_NEAR(vgg_loss(fake, real).item<double>(), 3 * weights[i], 1e-6);
    fake[i] = real[i];
  }
  real.pop_back();
  EXPECT_EQ(test::exit_code_of([&] { vgg_loss(fake, real); }), 1);
}

TEST(ImageLoss, Gradients) {
  ScaleFeatures real = features(0.0), fake = features(0.5);
  test::gradcheck([&] { return image_generator_loss(fake) + image_discriminator_loss(real, fake); },
                  {fake[0][2].requires_grad_(), real[1][2].requires_grad_()});
  test::gradcheck([&] { return image_feature_loss(fake, real); }, {fake[1][0].requires_grad_()});
}

TEST(ImageLoss, UnlikeScalesAreRefused) {
  ScaleFeatures fake = features(0.5), real = features(0.0);
  real.pop_back();
  EXPECT_EQ(test::exit_code_of([&] { image_feature_loss(fake, real); }), 1);
  EXPECT_EQ(test::exit_code_of([] { image_generator_loss({}); }), 1);
}

}  // namespace
}  // namespace stgmamba::losses
