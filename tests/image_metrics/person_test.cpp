// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/person.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::image_metrics {
namespace {

/// A figure that stands, 40 px from neck to hips, its neck at (x, 40).
skeleton::Motion standing(float x, std::int64_t frames) {
  skeleton::Motion motion(frames, 10.0);
  const float places[skeleton::kJoints][2] = {{0, -12}, {0, 0},   {-14, 2},  {-20, 22}, {-22, 40}, {14, 2},
                                              {20, 22}, {22, 40}, {-8, 40},  {-9, 65},  {-9, 90},  {8, 40},
                                              {9, 65},  {9, 90},  {-3, -14}, {3, -14},  {-6, -12}, {6, -12}};
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      motion.x(frame, joint) = x + places[joint][0];
      motion.y(frame, joint) = 40 + places[joint][1];
      motion.score[static_cast<std::size_t>(frame * skeleton::kJoints + joint)] = 1.0F;
    }
  }
  return motion;
}

/// 140 x 80 pixels, `top` above the thighs and `bottom` below.
at::Tensor painted(media::Rgb top, media::Rgb bottom, std::int64_t frames) {
  media::Image picture(80, 140, bottom);
  media::paste(picture, media::Image(80, 90, top), 0, 0);
  return to_frames(std::vector<media::Image>(static_cast<std::size_t>(frames), picture));
}

TEST(Person, MaskCoversTheBodyAndGrowsWithReach) {
  const skeleton::Motion motion = standing(40, 2);
  EXPECT_NEAR(body_length(motion, 140), 40.0, 1e-5);
  const at::Tensor mask = person_mask(motion, 140, 80);
  ASSERT_EQ(mask.sizes(), (at::IntArrayRef{2, 1, 140, 80}));
  const auto at = [&](int x, int y) { return mask[1][0][y][x].item<float>(); };
  EXPECT_EQ(at(40, 60), 1.0F);   // trunk
  EXPECT_EQ(at(40, 25), 1.0F);   // head
  EXPECT_EQ(at(49, 120), 1.0F);  // shank
  EXPECT_EQ(at(2, 2), 0.0F);
  EXPECT_EQ(at(75, 120), 0.0F);
  EXPECT_EQ(at(40, 115), 0.0F);  // between the legs
  const double share = mask.mean().item<double>();
  EXPECT_GT(share, 0.2);
  EXPECT_LT(share, 0.5);
  EXPECT_GT(person_mask(motion, 140, 80, 0.5).mean().item<double>(), share + 0.1);
}

TEST(Person, MissingJointsLeaveTheirPartsOut) {
  skeleton::Motion motion = standing(40, 1);
  motion.score[skeleton::kRightAnkle] = 0.0F;
  motion.x(0, skeleton::kLeftWrist) = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor colours = limb_colours(painted({255, 0, 0}, {0, 0, 255}, 1), motion);
  EXPECT_TRUE(std::isnan(colours[0][7][0].item<double>()));   // right shank
  EXPECT_TRUE(std::isnan(colours[0][5][0].item<double>()));   // left forearm
  EXPECT_FALSE(std::isnan(colours[0][9][0].item<double>()));  // left shank
}

TEST(Person, ColoursTellPeopleApartWhereverTheyStand) {
  const media::Rgb red{200, 30, 30}, blue{30, 30, 200}, green{30, 180, 40};
  const auto clothes = [&](float x, media::Rgb top, media::Rgb bottom) {
    return mean_colours(limb_colours(painted(top, bottom, 3), standing(x, 3)));
  };
  const at::Tensor one = clothes(30, red, blue), again = clothes(50, red, blue), other = clothes(30, green, blue);
  EXPECT_NEAR(colour_distance(one, again), 0.0, 1e-6);
  EXPECT_GT(colour_distance(one, other), 0.3);
  EXPECT_NEAR(one[1][0].item<double>(), 200 / 255.0, 1e-6);  // trunk
  EXPECT_NEAR(one[7][2].item<double>(), 200 / 255.0, 1e-6);  // shank
  // A frame without a part does not count for it.
  at::Tensor colours = limb_colours(painted(red, blue, 2), standing(30, 2));
  colours[0][1].fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_NEAR(mean_colours(colours)[1][0].item<double>(), 200 / 255.0, 1e-6);
}

}  // namespace
}  // namespace stgmamba::image_metrics
