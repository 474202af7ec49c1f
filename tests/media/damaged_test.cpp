// SPDX-License-Identifier: MIT
// Sound as people have it: primed, cut short, glued together, oddly named.
#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/file.hpp"

#include "media/encode_sound.hpp"
#include "support/temp_folder.hpp"

// Skips where this FFmpeg lacks the encoder, except in CI.
#define ENCODE_OR_SKIP(path, ...)                   \
  if (!encode_sound(path, __VA_ARGS__)) {           \
    if (std::getenv("CI") != nullptr) {             \
      FAIL() << "this FFmpeg lacks an encoder";     \
    }                                               \
    GTEST_SKIP() << "this FFmpeg lacks an encoder"; \
  }                                                 \
  static_assert(true, "")

namespace stgmamba::media {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Time of the first sample louder than 0.2, or -1.
double onset(const Audio& audio) {
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    if (std::abs(audio.samples[i]) > 0.2F) {
      return static_cast<double>(i) / audio.rate;
    }
  }
  return -1;
}

void write_blank(const fs::path& path, VideoOptions options, int frames = 20) {
  options.width = 64;
  options.height = 36;
  VideoWriter writer(path, options);
  for (int i = 0; i < frames; ++i) {
    writer.write(Image(64, 36, {static_cast<std::uint8_t>(i * 10), 40, 90}));
  }
  writer.finish();
}

TEST(Damaged, PrimingAndPaddingAreRemoved) {
  const TempFolder folder;
  for (const auto& [encoder, name] :
       {std::pair{"libmp3lame", "a.mp3"}, {"aac", "a.m4a"}, {"libvorbis", "a.ogg"}, {"libmp3lame", "a:b.mp3"}}) {
    ENCODE_OR_SKIP(fs::path("file:" + (folder / name).string()), {.encoder = encoder});
    const Audio audio = decode_audio(folder / name, 44100);
    EXPECT_NEAR(onset(audio), 2.0, 0.003) << name;
    EXPECT_NEAR(audio.seconds(), 4.0, 0.001) << name;
  }
}

TEST(Damaged, ATruncatedMp3WarnsAndIsDecodedAsFarAsItGoes) {
  const TempFolder folder;
  ENCODE_OR_SKIP(folder / "a.mp3", {});
  const std::string whole = util::read_text(folder / "a.mp3");
  util::write_text(folder / "cut.mp3", whole.substr(0, whole.size() * 3 / 4));
  testing::internal::CaptureStderr();
  const double seconds = audio_seconds(folder / "cut.mp3");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("cut.mp3: breaks off"));
  EXPECT_NEAR(seconds, 3.0, 0.1);
  EXPECT_NEAR(onset(decode_audio(folder / "cut.mp3")), 2.0, 0.003);
  testing::internal::CaptureStderr();
  audio_seconds(folder / "a.mp3");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(Damaged, AStreamMayChangeItsChannelsOnTheWay) {
  const TempFolder folder;
  ENCODE_OR_SKIP(folder / "two.ogg", {.encoder = "libvorbis", .channels = 2});
  ENCODE_OR_SKIP(folder / "one.ogg", {.encoder = "libvorbis", .channels = 1});
  const std::string two = util::read_text(folder / "two.ogg");
  const std::string one = util::read_text(folder / "one.ogg");
  util::write_text(folder / "a.ogg", two + one);
  util::write_text(folder / "b.ogg", one + two);
  EXPECT_NEAR(audio_seconds(folder / "a.ogg"), 8.0, 0.05);
  EXPECT_NEAR(audio_seconds(folder / "b.ogg"), 8.0, 0.05);
}

TEST(Damaged, StereoStaysStereoAndItsAverageIsTheMono) {
  const TempFolder folder;
  ENCODE_OR_SKIP(folder / "left.m4a", {.encoder = "aac", .click = 1.0, .left_only = true});
  ENCODE_OR_SKIP(folder / "one.m4a", {.encoder = "aac", .channels = 1});
  write_blank(folder / "left.mp4", {.sound = folder / "left.m4a"});
  write_blank(folder / "one.mp4", {.sound = folder / "one.m4a"});
  EXPECT_EQ(sound_channels(folder / "left.mp4"), 2);
  EXPECT_EQ(sound_channels(folder / "one.mp4"), 1);
  const Audio audio = decode_audio(folder / "left.mp4", 48000);
  float peak = 0;
  for (const float sample : audio.samples) {
    peak = std::max(peak, std::abs(sample));
  }
  EXPECT_NEAR(peak, 0.4, 0.1);
  EXPECT_NEAR(onset(audio), 1.0, 0.003);
}

TEST(Damaged, SoundWithNothingInItMakesNoVideo) {
  const TempFolder folder;
  const TempFolder target;
  write_wav(folder / "empty.wav", Audio{});
  Audio second;
  second.samples.assign(16000, 0.1F);
  write_wav(folder / "second.wav", second);
  EXPECT_THAT(error_of([&] { write_blank(target / "x.mp4", {.sound = folder / "empty.wav"}); }),
              HasSubstr("empty.wav: no sound could be decoded"));
  EXPECT_THAT(
      error_of([&] { write_blank(target / "x.mp4", {.sound = folder / "second.wav", .sound_range = {.start = 9.0}}); }),
      HasSubstr("lies outside the file, which has 1.00 s"));
  EXPECT_TRUE(fs::is_empty(target.path()));
}

TEST(Damaged, AnyStartOfTheSoundBecomesTimeZero) {
  const TempFolder folder;
  ENCODE_OR_SKIP(folder / "a.mp3", {});
  write_blank(folder / "x.mp4", {.sound = folder / "a.mp3", .sound_range = {.start = 1.25}});
  EXPECT_NEAR(onset(decode_audio(folder / "x.mp4", 48000)), 0.75, 0.003);
  EXPECT_NEAR(audio_seconds(folder / "x.mp4"), 2.0, 0.001);
}

TEST(Damaged, BitExactFilesAreEqualAndUnsigned) {
  const TempFolder folder;
  Audio second;
  second.samples.assign(16000, 0.1F);
  write_wav(folder / "s.wav", second);
  for (const char* name : {"a.mp4", "b.mp4"}) {
    write_blank(folder / name, {.sound = folder / "s.wav", .bit_exact = true});
  }
  const std::string bytes = util::read_text(folder / "a.mp4");
  EXPECT_EQ(bytes, util::read_text(folder / "b.mp4"));
  EXPECT_THAT(bytes, Not(HasSubstr("x264")));
  EXPECT_THAT(bytes, Not(HasSubstr("Lav")));
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));  // faststart
}

}  // namespace
}  // namespace stgmamba::media
