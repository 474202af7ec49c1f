// SPDX-License-Identifier: MIT
#include "stgmamba/data/show.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/media/image.hpp"
#include "stgmamba/media/video.hpp"

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

}  // namespace
}  // namespace stgmamba::data
