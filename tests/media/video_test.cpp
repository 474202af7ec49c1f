// SPDX-License-Identifier: MIT
#include "stgmamba/media/video.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::media {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;

constexpr double kSeconds = 20.0;
const std::vector<double> kClicks = {0.5, 3.0, 10.0, 15.5, 19.4};  // s; whole frames at 10 fps

Audio clicks(int rate) {
  Audio audio;
  audio.rate = rate;
  audio.samples.assign(static_cast<std::size_t>(kSeconds * rate), 0.0F);
  for (const double time : kClicks) {
    for (int i = 0; i < rate / 100; ++i) {
      audio.samples[static_cast<std::size_t>(std::lround(time * rate)) + static_cast<std::size_t>(i)] =
          i % 16 < 8 ? 0.8F : -0.8F;
    }
  }
  return audio;
}

void write_clip(const fs::path& path, const fs::path& sound, Rate rate, double seconds = kSeconds) {
  VideoWriter writer(path, {.width = 64, .height = 36, .rate = rate, .sound = sound});
  const auto frames = std::llround(seconds * rate.value());
  for (long i = 0; i < frames; ++i) {
    const double time = static_cast<double>(i) / rate.value();
    const bool flash = std::any_of(kClicks.begin(), kClicks.end(),
                                   [&](double click) { return std::abs(time - click) < 0.5 / rate.value(); });
    writer.write(Image(64, 36, flash ? Rgb{255, 255, 255} : Rgb{0, 0, 0}));
  }
  writer.finish();
}

std::vector<double> flashes(const fs::path& path) {
  VideoReader reader(path);
  std::vector<double> times;
  Image frame;
  for (double seconds = 0; reader.next(frame, seconds);) {
    if (frame.pixels[0] > 128) {
      times.push_back(seconds);
    }
  }
  return times;
}

std::vector<double> onsets(const fs::path& path) {
  const Audio audio = decode_audio(path, 48000);
  std::vector<double> times;
  double last = -1;
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    const double time = static_cast<double>(i) / audio.rate;
    if (std::abs(audio.samples[i]) > 0.3F && time - last > 0.1) {
      times.push_back(time);
    }
    last = std::abs(audio.samples[i]) > 0.3F ? time : last;
  }
  return times;
}

TEST(Video, SoundAndPictureAreInStepFromStartToEnd) {
  const TempFolder folder;
  for (const int sound_rate : {16000, 44100}) {
    write_wav(folder / "clicks.wav", clicks(sound_rate));
    write_clip(folder / "clip.mp4", folder / "clicks.wav", {10, 1});
    const auto seen = flashes(folder / "clip.mp4");
    const auto heard = onsets(folder / "clip.mp4");
    ASSERT_EQ(seen.size(), kClicks.size());
    ASSERT_EQ(heard.size(), kClicks.size());
    for (std::size_t i = 0; i < kClicks.size(); ++i) {
      EXPECT_NEAR(seen[i], kClicks[i], 1e-3);
      EXPECT_NEAR(heard[i], kClicks[i], 0.003);  // aim of the format: half a frame, 0.05
    }
    EXPECT_NEAR(audio_seconds(folder / "clip.mp4"), kSeconds, 0.03);
  }
}

TEST(Video, OddRatesStayConstant) {
  const TempFolder folder;
  write_wav(folder / "clicks.wav", clicks(16000));
  write_clip(folder / "clip.mp4", folder / "clicks.wav", {30000, 1001}, 3.0);
  VideoReader reader(folder / "clip.mp4");
  EXPECT_EQ(reader.info().rate.num, 30000);
  EXPECT_TRUE(reader.info().has_audio);
  Image frame;
  int count = 0;
  for (double seconds = 0; reader.next(frame, seconds); ++count) {
    EXPECT_NEAR(seconds, count * 1001.0 / 30000.0, 1e-4);
  }
  EXPECT_EQ(count, 90);
}

TEST(Video, ShortSoundIsPaddedAndLongSoundIsCut) {
  const TempFolder folder;
  Audio two = clicks(16000);
  two.samples.resize(32000);
  write_wav(folder / "two.wav", two);
  write_clip(folder / "long.mp4", folder / "two.wav", {10, 1}, 5.0);
  EXPECT_NEAR(audio_seconds(folder / "long.mp4"), 5.0, 0.03);
  write_clip(folder / "short.mp4", folder / "two.wav", {10, 1}, 1.0);
  EXPECT_NEAR(audio_seconds(folder / "short.mp4"), 1.0, 0.03);
}

TEST(Video, PicturesSurvive) {
  const TempFolder folder;
  VideoWriter writer(folder / "c.mp4", {.width = 64, .height = 36, .rate = {10, 1}, .quality = 10});
  writer.write(Image(64, 36, {200, 40, 90}));
  EXPECT_FALSE(fs::exists(folder / "c.mp4"));  // only finish() makes it appear
  writer.finish();
  VideoReader reader(folder / "c.mp4");
  Image frame;
  double seconds = 0;
  ASSERT_TRUE(reader.next(frame, seconds));
  EXPECT_NEAR(frame.pixels[0], 200, 12);
  EXPECT_NEAR(frame.pixels[1], 40, 12);
  EXPECT_NEAR(frame.pixels[2], 90, 12);
  EXPECT_FALSE(reader.next(frame, seconds));
}

TEST(Video, AnUnfinishedFileLeavesNothing) {
  const TempFolder folder;
  {
    VideoWriter writer(folder / "c.mp4", {.width = 64, .height = 36});
    writer.write(Image(64, 36));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Video, BadInputIsNamed) {
  const TempFolder folder;
  write_clip(folder / "silent.mp4", {}, {10, 1}, 0.5);
  EXPECT_THAT(error_of([&] { decode_audio(folder / "silent.mp4"); }), HasSubstr("silent.mp4: has no audio stream"));
  EXPECT_THAT(error_of([&] {
                write_clip(folder / "x.mp4", folder / "silent.mp4", {10, 1});
              }),
              HasSubstr("no audio stream"));
  write_wav(folder / "clicks.wav", clicks(16000));
  EXPECT_THAT(error_of([&] { VideoReader reader(folder / "clicks.wav"); }), HasSubstr("has no video stream"));
  EXPECT_THAT(error_of([&] { VideoReader reader(folder / "none.mp4"); }), HasSubstr("none.mp4: no such file"));
  EXPECT_EQ(exit_code_of([&] { write_clip("/nonexistent/x.mp4", {}, {10, 1}); }), 7);
}

TEST(Video, AFullDiskIsAResourceErrorAndLeavesNothing) {
  const TempFolder folder;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 2000;
  setrlimit(RLIMIT_FSIZE, &small);
  const int code = exit_code_of([&] { write_clip(folder / "x.mp4", {}, {10, 1}); });
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(code, 7);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Gif, IsWrittenAndReadBack) {
  const TempFolder folder;
  write_gif(folder / "a.gif", {Image(32, 18, {255, 0, 0}), Image(32, 18, {0, 0, 255})}, {5, 1});
  VideoReader reader(folder / "a.gif");
  Image frame;
  double seconds = 0;
  ASSERT_TRUE(reader.next(frame, seconds));
  EXPECT_GT(frame.pixels[0], 240);
  ASSERT_TRUE(reader.next(frame, seconds));
  EXPECT_GT(frame.pixels[2], 240);
  EXPECT_NEAR(seconds, 0.2, 0.011);
}

}  // namespace
}  // namespace stgmamba::media
