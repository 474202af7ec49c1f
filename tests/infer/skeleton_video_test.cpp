// SPDX-License-Identifier: MIT
#include "stgmamba/infer/skeleton_video.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/stop.hpp"

#include "infer/figure.hpp"
#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

TEST(SkeletonVideo, LastsAsLongAsItsSong) {
  const TempFolder folder;
  media::Audio sound;
  sound.samples.assign(static_cast<std::size_t>(16000 * 2.37), 0.1F);
  media::write_wav(folder / "song.wav", sound);
  infer::SkeletonVideoOptions options;
  options.seconds = sound.seconds();
  options.sound = folder / "song.wav";
  options.rate = infer::parse_rate("25");
  options.scale = 0.5;
  EXPECT_EQ(infer::write_skeleton_video(folder / "out.mp4", figure(24), options), 59);
  media::VideoReader reader(folder / "out.mp4");
  EXPECT_TRUE(reader.info().has_audio);
  EXPECT_EQ(reader.info().width, 320);
  media::Image frame;
  double seconds = 0.0;
  int frames = 0;
  while (reader.next(frame, seconds)) {
    EXPECT_NEAR(seconds, frames / 25.0, 1e-3);
    ++frames;
  }
  EXPECT_EQ(frames, 59);
}

TEST(SkeletonVideo, GifsAndSheetsByName) {
  const TempFolder folder;
  infer::SkeletonVideoOptions options;
  options.seconds = 1.2;
  options.scale = 0.25;
  options.rate = infer::parse_rate("10");
  EXPECT_EQ(infer::write_skeleton_video(folder / "out.gif", figure(12), options), 12);
  media::VideoReader gif(folder / "out.gif");
  media::Image frame;
  double seconds = 0.0;
  int frames = 0;
  while (gif.next(frame, seconds)) {
    ++frames;
  }
  EXPECT_EQ(frames, 12);
  EXPECT_EQ(frame.width, 160);
  infer::write_skeleton_video(folder / "out.png", figure(12), options);
  const media::Image sheet = media::load_image(folder / "out.png");
  EXPECT_GE(sheet.width, 6 * 80);  // six pictures a row
  options.seconds = 200.0;
  EXPECT_EQ(exit_code_of([&] { infer::write_skeleton_video(folder / "long.gif", figure(12), options); }), 2);
  options.seconds = 10.0;
  options.scale = 6.0;
  EXPECT_THAT(error_of([&] { infer::write_skeleton_video(folder / "large.gif", figure(12), options); }),
              ::testing::HasSubstr("lower --scale"));
}

TEST(SkeletonVideo, AStopLeavesNothing) {
  const TempFolder folder;
  infer::SkeletonVideoOptions options;
  options.seconds = 1.0;
  util::request_stop();
  const int code = exit_code_of([&] { infer::write_skeleton_video(folder / "out.mp4", figure(10), options); });
  util::clear_stop_request();
  EXPECT_EQ(code, 75);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SkeletonVideo, RatesAreReadExactly) {
  const auto is = [](const std::string& text, int num, int den) {
    const media::Rate rate = infer::parse_rate(text);
    return rate.num == num && rate.den == den;
  };
  EXPECT_TRUE(is("30", 30, 1));
  EXPECT_TRUE(is("29.97", 30000, 1001));
  EXPECT_TRUE(is("30000/1001", 30000, 1001));
  EXPECT_TRUE(is("12.5", 12500, 1000));
  for (const int whole : {1, 2, 5, 24, 60}) {
    EXPECT_TRUE(is(std::to_string(whole), whole, 1)) << whole;
  }
  for (const char* bad : {"", "0", "-3", "x", "30fps", "1/0", "5000", "0.2"}) {
    EXPECT_EQ(exit_code_of([&] { infer::parse_rate(bad); }), 2) << bad;
  }
}

}  // namespace
}  // namespace stgmamba::test
