// SPDX-License-Identifier: MIT
#include "stgmamba/data/show.hpp"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/media/image.hpp"
#include "stgmamba/media/video.hpp"
#include "stgmamba/util/file.hpp"

#include "data/small_dataset.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::data {
namespace {

TEST(Show, SheetAndVideo) {
  const test::TempFolder folder;
  const Dataset dataset = test::write_small(folder / "set");
  const TakeInfo info = find_take(dataset, "b0");
  ShowOptions options;
  options.start = 2.0;
  options.seconds = 3.0;
  options.pictures = 6;
  options.columns = 3;
  options.width = 160;
  write_contact_sheet(dataset, info, folder / "sheet.png", options);
  const media::Image sheet = media::load_image(folder / "sheet.png");
  EXPECT_GE(sheet.width, 480);
  EXPECT_GE(sheet.height, 180);
  std::size_t coloured = 0;
  for (std::size_t i = 0; i < sheet.pixels.size(); i += 3) {
    coloured += sheet.pixels[i] != sheet.pixels[i + 1] ? 1U : 0U;
  }
  EXPECT_GT(coloured, 500U);  // skeletons, not blank pictures
  write_take_video(dataset, info, folder / "take.mp4", options);
  media::VideoReader reader(folder / "take.mp4");
  EXPECT_TRUE(reader.info().has_audio);
  EXPECT_NEAR(reader.info().rate.value(), 25.0, 1e-6);
  media::Image frame;
  double seconds = 0.0;
  int frames = 0;
  while (reader.next(frame, seconds)) {
    ++frames;
  }
  EXPECT_EQ(frames, 75);
  EXPECT_EQ(frame.width, 160);
  const media::Audio sound = media::decode_audio(folder / "take.mp4");
  EXPECT_NEAR(sound.seconds(), 3.0, 0.05);
  const auto rms_error = [&](double start) {
    double energy = 0.0;
    for (std::size_t i = 8000; i < 40000; ++i) {
      energy += std::pow(sound.samples[i] - test::tone_at(start + static_cast<double>(i) / 16000.0), 2) / 32000;
    }
    return std::sqrt(energy);
  };
  EXPECT_LT(rms_error(2.0), 0.03);  // the stretch that was asked for, in step
  EXPECT_GT(rms_error(2.002), 0.06);
  EXPECT_GT(rms_error(0.0), 0.06);
}

TEST(Show, WrongRequestsAreNamed) {
  const test::TempFolder folder;
  const Dataset dataset = test::write_small(folder / "set");
  EXPECT_THAT(test::error_of([&] { find_take(dataset, "b1"); }), testing::HasSubstr("holds no take 'b1'"));
  ShowOptions options;
  options.start = 99;
  EXPECT_THAT(test::error_of([&] { write_contact_sheet(dataset, dataset.takes()[0], folder / "x.png", options); }),
              testing::HasSubstr("start must lie in 0 to 12.00 s"));
}

constexpr int kWide = 96, kHigh = 64;
const Framing kFraming = {kWide, kHigh, 0.5, 200.0, 100.0, 0.8, "stretch"};
const media::Point kNoseSpot = {30.2, 20.2},
                   kNeckSpot = {30.2, 44.2};  // in the film of frame 0; x grows by one a frame

/// A grey film, lighter every frame, of a white disc where the nose is and one where the neck is: the only joints.
Take filmed(const std::string& id, std::int64_t frames) {
  Take take = test::make_take(id, id, "kpop", static_cast<double>(frames) / 10.0, 10.0);
  take.motion = skeleton::Motion(frames, 10.0);
  for (std::int64_t f = 0; f < frames; ++f) {
    const auto grey = static_cast<std::uint8_t>(60 + 3 * f);
    media::Image picture(kWide, kHigh, {grey, grey, grey});
    for (const int joint : {skeleton::kNose, skeleton::kNeck}) {
      media::Point at = joint == skeleton::kNose ? kNoseSpot : kNeckSpot;
      at.x += static_cast<double>(f);
      media::fill_circle(picture, at, 9.0, {255, 255, 255});
      take.motion.x(f, joint) = static_cast<float>(at.x / kFraming.scale + kFraming.left);
      take.motion.y(f, joint) = static_cast<float>(at.y / (kFraming.scale * kFraming.stretch) + kFraming.top);
      take.motion.score[static_cast<std::size_t>(f * skeleton::kJoints + joint)] = 1.0F;
    }
    take.frames.push_back(std::move(picture));
  }
  take.info.person = id;
  take.info.framing = kFraming;
  return take;
}

class ShowFilm : public testing::Test {
 protected:
  ShowFilm() {
    DatasetWriter writer(folder_ / "set", {"film", "CC0", "made by a test", "show_test"});
    writer.add(filmed("long", 40));
    writer.finish();
    options_.width = 2 * kWide;
    options_.pictures = 3;
    options_.columns = 3;
    options_.start = 1.0;
    options_.seconds = 2.4;  // frames 10 to 33; the sheet shows 10, 18 and 26
  }

  Dataset open() const { return Dataset::open(folder_ / "set"); }
  std::filesystem::path clip() const { return folder_ / "set/clips/long"; }
  media::Image sheet() const {
    write_contact_sheet(open(), open().takes()[0], folder_ / "sheet.png", options_);
    return media::load_image(folder_ / "sheet.png");
  }

  /// The film of `frame`, twice as large, at (left, top) of an image: its grey, both white discs, and in each disc the
  /// black joint, no further than `within` pixels from its centre.
  static void expect_film(const media::Image& image, int left, int top, std::int64_t frame, double within) {
    const auto bright = [&](double x, double y) {
      const auto column = static_cast<std::size_t>(left + std::lround(x));
      const auto line = static_cast<std::size_t>(top + std::lround(y));
      const std::uint8_t* pixel = image.pixels.data() + (line * static_cast<std::size_t>(image.width) + column) * 3;
      return (pixel[0] + pixel[1] + pixel[2]) / 3;
    };
    const double grey = 60.0 + 3.0 * static_cast<double>(frame);
    EXPECT_NEAR(bright(5, 5), grey, 6) << frame;
    EXPECT_NEAR(bright(2 * kWide - 6, 2 * kHigh - 6), grey, 6) << frame;
    for (const media::Point& spot : {kNoseSpot, kNeckSpot}) {
      const media::Point at = {2 * (spot.x + static_cast<double>(frame)) + 0.5, 2 * spot.y + 0.5};
      const double away = spot.y < kNeckSpot.y ? -8.0 : 8.0;  // the limb goes the other way
      EXPECT_GT(bright(at.x, at.y + away), 200) << frame;
      EXPECT_LT(bright(at.x, at.y), 128) << frame;
      for (const double side : {-14.0, 14.0}) {
        EXPECT_GT(bright(at.x + side, at.y), 200) << frame;
      }
      int dark = 0;
      double x = 0;
      for (int dy = -12; dy <= 12; ++dy) {
        for (int dx = -12; dx <= 12; ++dx) {
          if (bright(at.x + dx, at.y + dy) < 128) {
            ++dark;
            x += dx;
          }
        }
      }
      ASSERT_GT(dark, 2) << frame;
      EXPECT_NEAR(x / dark, 0.0, within) << frame;
    }
  }

  test::TempFolder folder_;
  ShowOptions options_;
};

TEST_F(ShowFilm, TheSkeletonLiesOverTheFilmOnASheet) {
  const media::Image image = sheet();
  EXPECT_EQ(image.width, 3 * (2 * kWide + 4) + 4);
  EXPECT_EQ(image.height, 2 * kHigh + 18 + 8);  // the film's aspect, not 640x360
  for (int i = 0; i < 3; ++i) {
    expect_film(image, 4 + i * (2 * kWide + 4), 4, 10 + 8 * i, 1.5);
  }
}

TEST_F(ShowFilm, TheSkeletonLiesOverTheFilmInAVideo) {
  write_take_video(open(), open().takes()[0], folder_ / "take.mp4", options_);
  media::VideoReader reader(folder_ / "take.mp4");
  EXPECT_TRUE(reader.info().has_audio);
  EXPECT_EQ(reader.info().width, 2 * kWide);
  EXPECT_EQ(reader.info().height, 2 * kHigh);
  media::Image image;
  double seconds = 0.0;
  std::int64_t frame = 10;
  for (; reader.next(image, seconds); ++frame) {
    expect_film(image, 0, 0, frame, 2.0);
  }
  EXPECT_EQ(frame, 34);
}

TEST_F(ShowFilm, AFolderOfPicturesIsAFilmToo) {
  const media::Image expected = sheet();
  util::make_folders(clip() / "frames");
  media::VideoReader reader(clip() / "video.mp4");
  media::Image image;
  double seconds = 0.0;
  for (int f = 0; reader.next(image, seconds); ++f) {
    media::save_image(clip() / "frames" / fmt::format("{:06}.png", f), image);
  }
  std::filesystem::remove(clip() / "video.mp4");
  EXPECT_EQ(sheet().pixels, expected.pixels);
  std::filesystem::remove_all(clip() / "frames");
  EXPECT_THAT(test::error_of([&] { sheet(); }), testing::HasSubstr("the index says that take 'long' is filmed"));
}

}  // namespace
}  // namespace stgmamba::data
