// SPDX-License-Identifier: MIT
#include "stgmamba/infer/cutout.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/infer/photo_video.hpp"

#include "infer/painted_person.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using infer::Cutout;
using infer::PhotoPose;
using skeleton::Motion;
using skeleton::NearSide;
using ::testing::Contains;
using ::testing::HasSubstr;

Cutout painted() {
  return {painted_photo(), painted_pose(), "photo.png"};
}

void hide(PhotoPose& pose, std::initializer_list<int> joints) {
  for (const int joint : joints) {
    pose.score[static_cast<std::size_t>(joint)] = 0.0F;
  }
}

/// The painted person in a motion of `frames`, each joint moved by `move(frame, joint)`, halved in size.
template <typename Move>
Motion motion_of(std::int64_t frames, Move move) {
  Motion motion(frames, 10.0);
  const PhotoPose pose = painted_pose();
  for (std::int64_t f = 0; f < frames; ++f) {
    for (int v = 0; v < 18; ++v) {
      const media::Point by = move(f, v);
      motion.x(f, v) = static_cast<float>(0.5 * (pose[v].x + by.x) + 200.0);
      motion.y(f, v) = static_cast<float>(0.5 * (pose[v].y + by.y) + 50.0);
      motion.score[static_cast<std::size_t>(f * 18 + v)] = 1.0F;
    }
  }
  return motion;
}

double bone(const PhotoPose& pose, int a, int b) {
  return std::hypot(pose[a].x - pose[b].x, pose[a].y - pose[b].y);
}

TEST(Cutout, OwnPoseGivesThePhotoBack) {
  const Cutout person = painted();
  const media::Image photo = painted_photo();
  const media::Image back = person.render(person.own_pose());
  EXPECT_TRUE(person.notes().empty());
  EXPECT_LT(mean_difference(back, photo), 1.0);
  EXPECT_NEAR(count_colour(back, kShirt), count_colour(photo, kShirt), 0.05 * count_colour(photo, kShirt));
  EXPECT_NEAR(count_colour(back, kTrousers), count_colour(photo, kTrousers), 0.05 * count_colour(photo, kTrousers));
}

TEST(Cutout, TheBackgroundKeepsNothingOfThePerson) {
  const Cutout person = painted();
  for (const media::Rgb colour : {kShirt, kTrousers, kSkin}) {
    EXPECT_LT(count_colour(person.background(), colour), 20);
  }
  EXPECT_LT(mean_difference(person.background(), painted_wall()), 4.0);
}

TEST(Cutout, LimbsGoWhereThePoseSays) {
  const Cutout person = painted();
  PhotoPose pose = person.own_pose();
  pose[skeleton::kRightElbow] = {76.0, 95.0};  // the arm up and out
  pose[skeleton::kRightWrist] = {50.0, 50.0};
  const media::Image picture = person.render(pose);
  const media::Rgb forearm = colour_at(picture, 63.0, 72.5);
  EXPECT_NEAR(forearm.r, kSkin.r, 25);
  EXPECT_NEAR(forearm.b, kSkin.b, 25);
  const media::Rgb left_behind = colour_at(picture, 103.0, 190.0);
  EXPECT_LT(left_behind.r - left_behind.b, 30) << "the old forearm is still there";
  // Nothing tears: the green sleeve reaches from the shoulder to the elbow.
  for (double t = 0.15; t < 0.9; t += 0.05) {
    const media::Rgb c = colour_at(picture, 129 + t * (76 - 129), 112 + t * (95 - 112));
    EXPECT_TRUE(c.g > c.b + 20 || c.r > 150) << "hole in the upper arm at " << t;
  }
}

TEST(Cutout, TheFarArmIsBehindTheTorso) {
  const Cutout person = painted();
  PhotoPose pose = person.own_pose();
  pose[skeleton::kRightElbow] = {150.0, 160.0};  // across the chest
  pose[skeleton::kRightWrist] = {175.0, 140.0};
  const auto shows_skin = [&](NearSide near) {
    const media::Rgb c = colour_at(person.render(pose, near), 163.0, 150.0);
    return c.g > 120;
  };
  EXPECT_TRUE(shows_skin(NearSide::kBoth));
  EXPECT_TRUE(shows_skin(NearSide::kRight));
  EXPECT_FALSE(shows_skin(NearSide::kLeft));
}

TEST(Cutout, MissingLimbsAreTakenFromTheOtherSideOrLeftOut) {
  PhotoPose pose = painted_pose();
  hide(pose, {skeleton::kLeftElbow, skeleton::kLeftWrist});
  const Cutout mirrored(painted_photo(), pose, "photo.png");
  EXPECT_THAT(mirrored.notes(), Contains(HasSubstr("the left arm is not seen whole; it is drawn as the mirror image")));
  hide(pose, {skeleton::kRightElbow, skeleton::kRightWrist});
  const Cutout armless(painted_photo(), pose, "photo.png");
  EXPECT_THAT(armless.notes(), Contains("no arm is seen; none is drawn"));
  hide(pose, {8, 9, 10, 11, 12, 13});
  const Cutout bust(painted_photo(), pose, "photo.png");
  EXPECT_THAT(bust.notes(), Contains("hips are estimated"));
  EXPECT_EQ(bust.render(bust.own_pose()).height, kPaintedHeight);
  hide(pose, {skeleton::kNeck, skeleton::kLeftShoulder});
  EXPECT_THAT(error_of([&] { Cutout(painted_photo(), pose, "photo.png"); }),
              HasSubstr("photo.png: the photo's pose must show both shoulders"));
}

TEST(Cutout, AbsurdPosesDrawSomethingOfTheRightSize) {
  const Cutout person = painted();
  PhotoPose point, far = person.own_pose(), mixed = person.own_pose();
  for (std::size_t v = 0; v < 18; ++v) {
    point.at[v] = {100.0, 100.0};
    point.score[v] = 1.0F;
    far.at[v] = {far.at[v].x * 1e7, -far.at[v].y * 1e7};
    std::swap(mixed.at[v], mixed.at[(v * 7 + 3) % 18]);
  }
  for (const PhotoPose& pose : {point, far, mixed}) {
    const media::Image picture = person.render(pose);
    EXPECT_EQ(picture.width, kPaintedWidth);
    EXPECT_EQ(picture.pixels.size(), static_cast<std::size_t>(3 * kPaintedWidth * kPaintedHeight));
  }
  // Whoever "stands" in one point, or outside, cannot be cut out.
  EXPECT_EQ(exit_code_of([&] { Cutout(painted_photo(), point, "photo.png"); }), 4);
}

TEST(Cutout, IsTheSameEveryTime) {
  const Cutout one = painted(), two = painted();
  PhotoPose pose = one.own_pose();
  pose[skeleton::kLeftWrist] = {250.0, 80.0};
  EXPECT_EQ(one.render(pose).pixels, two.render(pose).pixels);
  EXPECT_EQ(one.background().pixels, two.background().pixels);
}

TEST(Cutout, SeenFromBehindRightAndLeftChangePlaces) {
  PhotoPose pose = painted_pose();
  for (int v = 0; v < 18; ++v) {
    pose[v] = painted_pose()[skeleton::mirror_pairs()[static_cast<std::size_t>(v)]];
  }
  const Cutout person(painted_photo(), pose, "photo.png");
  EXPECT_THAT(person.notes(), Contains(HasSubstr("seen from behind")));
  EXPECT_LT(mean_difference(person.render(person.own_pose()), painted_photo()), 1.0);
}

TEST(PlacedDance, KeepsThePersonsProportionsAndTheFloor) {
  const Cutout person = painted();
  // The arms wave; the dancer's forearms are half as long as the person's.
  const Motion motion = motion_of(20, [](std::int64_t f, int v) -> media::Point {
    const double angle = 0.3 * static_cast<double>(f);
    if (v == skeleton::kRightWrist || v == skeleton::kLeftWrist) {
      const double elbow = v == skeleton::kRightWrist ? 15.0 : -15.0;
      return {elbow + 12.0 * std::sin(angle) + 25.0 * std::sin(angle), -50.0 + 25.0 * std::cos(angle)};
    }
    return {12.0 * std::sin(angle), 0.0};
  });
  const infer::PlacedDance dance(person, motion);
  EXPECT_EQ(dance.travel(), 1.0);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    const PhotoPose pose = dance.place(motion, f);
    EXPECT_NEAR(bone(pose, 8, 9), bone(painted_pose(), 8, 9), 1.5) << f;
    EXPECT_NEAR(std::max(pose[10].y, pose[13].y), 350.0, 0.5) << "feet leave the floor in frame " << f;
    EXPECT_LE(bone(pose, 3, 4), 1.06 * bone(painted_pose(), 3, 4));
    EXPECT_GT(bone(pose, 3, 4), 0.6 * bone(painted_pose(), 3, 4));
  }
}

TEST(PlacedDance, JumpsStayJumpsAndTravelStaysInside) {
  const Cutout person = painted();
  const Motion motion = motion_of(40, [](std::int64_t f, int) -> media::Point {
    return {20.0 * static_cast<double>(f), f == 17 ? -30.0 : 0.0};
  });
  const infer::PlacedDance dance(person, motion);
  EXPECT_LT(dance.travel(), 0.5);  // 780 px do not fit into 322
  EXPECT_NEAR(std::max(dance.place(motion, 17)[10].y, dance.place(motion, 17)[13].y), 320.0, 2.0);
  for (std::int64_t f = 0; f < motion.frames(); ++f) {
    for (const int joint : {0, 1, 8, 10, 11, 13}) {
      EXPECT_GT(dance.place(motion, f)[joint].x, 0.0);
      EXPECT_LT(dance.place(motion, f)[joint].x, kPaintedWidth);
    }
  }
}

TEST(PhotoVideo, LastsAsLongAsAskedInEveryOverlay) {
  const TempFolder folder;
  const Cutout person = painted();
  Motion motion = motion_of(12, [](std::int64_t f, int) -> media::Point {
    return {2.0 * static_cast<double>(f), 0.0};
  });
  motion.score[5 * 18 + 7] = 0.0F;  // a gap is filled
  motion.x(5, 7) = motion.y(5, 7) = NAN;
  infer::PhotoVideoOptions options;
  options.video.seconds = 1.4;
  options.video.rate = infer::parse_rate("29.97");
  const auto video = [&](const char* name) {
    return infer::DanceVideo{folder / name, "video: cutout of photo.png", infer::cutout_drawer(person, motion)};
  };
  for (const infer::Overlay overlay : {infer::Overlay::kNone, infer::Overlay::kSkeleton, infer::Overlay::kSideBySide}) {
    options.overlay = overlay;
    EXPECT_EQ(infer::write_dance_videos({video("out.mp4")}, {}, motion, options), 42);
    media::VideoReader reader(folder / "out.mp4");
    EXPECT_EQ(reader.info().width, overlay == infer::Overlay::kSideBySide ? 2 * kPaintedWidth : kPaintedWidth);
    EXPECT_EQ(reader.info().height, kPaintedHeight);
    std::filesystem::remove(folder / "out.mp4");
  }
  infer::write_dance_videos({video("out.png")}, {}, motion, options);
  EXPECT_GT(media::load_image(folder / "out.png").width, 6 * kPaintedWidth / 2);
}

TEST(PhotoVideo, PhotosOfAnySizeBecomeVideosThatPlay) {
  const auto size = [](int width, int height, int wanted) {
    const media::Image out = infer::fit_photo(media::Image(width, height), wanted, "photo.png");
    return std::pair(out.width, out.height);
  };
  EXPECT_EQ(size(641, 359, 0), std::pair(642, 360));
  EXPECT_EQ(size(40, 50, 0), std::pair(204, 256));
  EXPECT_EQ(size(4000, 3000, 0), std::pair(1440, 1080));
  EXPECT_EQ(size(4000, 1000, 0).first, 1920);
  EXPECT_EQ(size(640, 360, 720), std::pair(1280, 720));
  EXPECT_EQ(size(640, 360, 4320), std::pair(7680, 4320));  // as asked for
  EXPECT_EQ(exit_code_of([&] { size(720, 360, 4320); }), 2);
  EXPECT_EQ(exit_code_of([&] { size(15, 300, 0); }), 4);
  EXPECT_EQ(exit_code_of([&] { size(30, 3000, 0); }), 4);
}

TEST(PhotoVideo, ARealPersonIsCutOutCleanly) {
  STG_REQUIRE_TESTDATA(data);
  media::VideoReader reader(data / "video" / "pose_1.mp4");
  media::Image photo;
  double seconds = 0.0;
  ASSERT_TRUE(reader.next(photo, seconds));
  const PhotoPose pose = infer::read_photo_pose(data / "video" / "pose_1.json", 0, photo.width, photo.height);
  const Cutout person(photo, pose, "pose_1");
  // One leg is bent back and drawn as the other one's mirror image; the rest is the photo again.
  EXPECT_THAT(person.notes(), Contains(HasSubstr("the right leg is foreshortened")));
  EXPECT_LT(mean_difference(person.render(person.own_pose()), photo), 1.0);
}

}  // namespace
}  // namespace stgmamba::test
