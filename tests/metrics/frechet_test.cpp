// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/frechet.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "stgmamba/metrics/mmd.hpp"
#include "stgmamba/metrics/motion.hpp"
#include "stgmamba/metrics/nearest.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::test {
namespace {

using metrics::Features;

/// Rows of independent normals; column i is scaled and shifted.
Features gaussian(std::size_t rows, const std::vector<double>& scale, double shift, std::uint64_t seed) {
  Features features{scale.size(), {}};
  util::Random random(seed, "features");
  for (std::size_t n = 0; n < rows; ++n) {
    for (const double s : scale) {
      features.values.push_back(s * random.normal() + shift);
    }
  }
  return features;
}

TEST(Frechet, IdenticalSetsAreAtNoDistanceEvenWhenSingular) {
  const Features full = gaussian(200, {1, 20, 300}, 5, 1);
  EXPECT_NEAR(metrics::frechet_distance(full, full), 0.0, 1e-7);
  // A column of zeros, a copied column, and fewer rows than columns.
  Features singular{6, {}};
  for (std::size_t n = 0; n < 4; ++n) {
    const double a = full.values[3 * n + 1], b = full.values[3 * n + 2];
    singular.add(std::vector<double>{0.0, a, a, b, a + b, 1.0});
  }
  const double distance = metrics::frechet_distance(singular, singular);
  EXPECT_NEAR(distance, 0.0, 1e-6);
  EXPECT_GE(distance, -1e-8);
}

TEST(Frechet, AShiftCostsItsSquare) {
  const Features a = gaussian(100, {1, 2, 3, 4}, 0, 2);
  Features b = a;
  for (double& value : b.values) {
    value += 1.5;
  }
  EXPECT_NEAR(metrics::frechet_distance(a, b), 4 * 1.5 * 1.5, 1e-8);
}

TEST(Frechet, ScaledColumnsCostTheSquaredDifferenceOfDeviations) {
  Features a{2, {}}, b{2, {}};
  for (const double x : {-1.0, 1.0}) {
    for (const double y : {-1.0, 1.0}) {  // uncorrelated; variance 4/3 each
      a.add(std::vector<double>{3 * x, 5 * y});
      b.add(std::vector<double>{1 * x, 9 * y});
    }
  }
  EXPECT_NEAR(metrics::frechet_distance(a, b), 4.0 / 3.0 * (2 * 2 + 4 * 4), 1e-9);
}

TEST(Frechet, IsSymmetricAndNeedsTwoRows) {
  const Features a = gaussian(50, {1, 2, 3, 4, 5}, 0, 3), b = gaussian(70, {2, 2, 9, 1, 5}, 1, 4);
  EXPECT_NEAR(metrics::frechet_distance(a, b), metrics::frechet_distance(b, a), 1e-9);
  EXPECT_GT(metrics::frechet_distance(a, b), 10.0);
  EXPECT_TRUE(std::isnan(metrics::frechet_distance(a, gaussian(1, {1, 2, 3, 4, 5}, 0, 5))));
  EXPECT_THROW(metrics::frechet_distance(a, gaussian(9, {1, 2}, 0, 5)), BugError);
}

TEST(Frechet, MomentsOfPartsAddUp) {
  const Features whole = gaussian(60, {1, 2, 3}, 7, 6);
  Features first{3, {whole.values.begin(), whole.values.begin() + 3 * 25}};
  Features rest{3, {whole.values.begin() + 3 * 25, whole.values.end()}};
  metrics::Moments sum(3);
  sum.add(metrics::Moments(first));
  sum.add(metrics::Moments(rest), 2.0);
  sum.add(metrics::Moments(rest), -1.0);
  const metrics::Moments direct(whole);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(sum.covariance()[i], direct.covariance()[i], 1e-9);
  }
  EXPECT_NEAR(sum.mean()[1], direct.mean()[1], 1e-12);
  EXPECT_NEAR(direct.deviation()[2], std::sqrt(direct.covariance()[8] * 59 / 60), 1e-12);
}

TEST(Features, RowsThatAreNotFiniteAreLeftOutAndTheNeckIsTheOrigin) {
  skeleton::Motion motion = metrics::still_motion(std::vector<float>(36, 40.0F), 4, 10);
  motion.x(2, 5) = 55.0F;
  motion.x(3, 1) = std::nanf("");
  const Features poses = metrics::pose_features(motion);
  ASSERT_EQ(poses.rows(), 3U);
  EXPECT_EQ(poses.row(2)[10], 15.0);
  EXPECT_EQ(poses.row(2)[2], 0.0);
  EXPECT_EQ(metrics::pose_features(motion, false).row(2)[10], 55.0);
  EXPECT_EQ(metrics::velocity_features(motion).rows(), 2U);
  EXPECT_EQ(metrics::velocity_features(motion).row(1)[10], 15.0);
  EXPECT_EQ(metrics::windows_of(poses, 2).rows(), 1U);
  EXPECT_EQ(metrics::windows_of(poses, 2).width, 72U);
}

TEST(Mmd, IsZeroOnAverageForEqualDistributionsAndSeesMoreThanMeanAndCovariance) {
  double sum = 0.0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    sum += metrics::mmd_unbiased(gaussian(20, {1, 1}, 0, 100 + i), gaussian(15, {1, 1}, 0, 200 + i), 1.0);
  }
  EXPECT_NEAR(sum / 40, 0.0, 0.01);
  // Two points against a normal of the same mean and variance: no Frechet distance sees that.
  Features coin{1, {}};
  util::Random random(3, "coin");
  for (int i = 0; i < 300; ++i) {
    coin.add(std::vector<double>{random.chance(0.5) ? 1.0 : -1.0});
  }
  const Features normal = gaussian(300, {1}, 0, 9);
  EXPECT_LT(metrics::frechet_distance(coin, normal), 0.05);
  EXPECT_GT(metrics::mmd_unbiased(coin, normal, 0.3), 0.05);
}

TEST(Mmd, SongsWeighAsOftenAsTheyCount) {
  const Features x = gaussian(12, {1, 2}, 0, 11), y = gaussian(9, {1, 2}, 1, 12);
  std::vector<std::size_t> x_song(12), y_song(9);
  for (std::size_t i = 0; i < 12; ++i) {
    x_song[i] = i % 3;
  }
  for (std::size_t i = 0; i < 9; ++i) {
    y_song[i] = i % 3;
  }
  const metrics::KernelSums sums(x, x_song, y, y_song, 3, 2.0, false);
  const Features one_song_x{
      2, {x.values[2], x.values[3], x.values[8], x.values[9], x.values[14], x.values[15], x.values[20], x.values[21]}};
  const Features one_song_y{2, {y.values[2], y.values[3], y.values[8], y.values[9], y.values[14], y.values[15]}};
  const std::vector<std::size_t> four(4, 0), three(3, 0);
  const metrics::KernelSums alone(one_song_x, four, one_song_y, three, 1, 2.0, false);
  EXPECT_NEAR(sums.mean({0, 2, 0}, {0, 2, 0}), alone.mean({1}, {1}), 1e-12);
}

TEST(Nearest, FindsACopyAtAnyFrame) {
  skeleton::Motion training = metrics::still_motion(std::vector<float>(36, 100.0F), 37, 10);
  util::Random random(5, "walk");
  for (float& value : training.xy) {
    value += static_cast<float>(20 * random.normal());
  }
  const auto windows = [](const skeleton::Motion& motion) {
    return metrics::windows_of(metrics::pose_features(motion), 10);
  };
  const metrics::PrincipalComponents components =
      metrics::principal_components(metrics::Moments(windows(training)), 360);
  const metrics::TrainingWindows memory({training}, components);
  const skeleton::Motion copy = skeleton::slice(training, 13, 20);
  for (const double distance : memory.distances(components.project(windows(copy)))) {
    EXPECT_NEAR(distance, 0.0, 1e-9);
  }
  skeleton::Motion moved = copy;
  for (std::int64_t frame = 0; frame < moved.frames(); ++frame) {
    moved.x(frame, 7) += 6.0F;  // one of 36 coordinates: a root mean square of 6 / sqrt(36)
  }
  EXPECT_NEAR(memory.distances(components.project(windows(moved)))[0], 1.0, 1e-4);
}

}  // namespace
}  // namespace stgmamba::test
