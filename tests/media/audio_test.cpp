// SPDX-License-Identifier: MIT
#include "stgmamba/media/audio.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::media {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;

Audio tone(double seconds, int rate = 16000) {
  Audio audio;
  audio.rate = rate;
  audio.samples.resize(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    audio.samples[i] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * 440.0 * static_cast<double>(i) / rate));
  }
  return audio;
}

TEST(Audio, WavRoundTripIsExactToSixteenBits) {
  const TempFolder folder;
  const Audio in = tone(0.5);
  write_wav(folder / "a.wav", in);
  const Audio out = decode_audio(folder / "a.wav", 16000);
  ASSERT_EQ(out.samples.size(), in.samples.size());
  for (std::size_t i = 0; i < in.samples.size(); ++i) {
    EXPECT_NEAR(out.samples[i], in.samples[i], 1.0 / 16384);
  }
}

TEST(Audio, AStretchStartsWhereItIsAskedTo) {
  const TempFolder folder;
  Audio in = tone(2.0);
  in.samples[16000] = 1.0F;  // a click at 1 s
  write_wav(folder / "a.wav", in);
  const Audio out = decode_audio(folder / "a.wav", 16000, {.start = 0.5, .seconds = 1.0});
  ASSERT_EQ(out.samples.size(), 16000U);
  EXPECT_NEAR(out.samples[8000], 1.0, 1e-3);
}

TEST(Audio, ResamplingKeepsTheDuration) {
  const TempFolder folder;
  write_wav(folder / "a.wav", tone(1.5, 44100));
  EXPECT_NEAR(decode_audio(folder / "a.wav", 16000).seconds(), 1.5, 0.002);
  EXPECT_NEAR(audio_seconds(folder / "a.wav"), 1.5, 0.002);
}

TEST(Audio, BadFilesAreNamed) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { decode_audio(folder / "none.mp3"); }), HasSubstr("none.mp3: no such file"));
  util::write_text(folder / "empty.mp3", "");
  EXPECT_THAT(error_of([&] { decode_audio(folder / "empty.mp3"); }), HasSubstr("empty.mp3: the file is empty"));
  util::write_text(folder / "text.mp3", "this is not music at all, only a line of text\n");
  EXPECT_EQ(exit_code_of([&] { decode_audio(folder / "text.mp3"); }), 4);
  write_wav(folder / "nothing.wav", Audio{});
  EXPECT_THAT(error_of([&] { decode_audio(folder / "nothing.wav"); }), HasSubstr("no sound could be decoded"));
  write_wav(folder / "a.wav", tone(0.5));
  EXPECT_THAT(error_of([&] { decode_audio(folder / "a.wav", 16000, {.start = 9.0}); }), HasSubstr("lies outside"));
}

TEST(Audio, SamplesThatAreNoNumbersAreRefusedWithTheirTime) {
  const TempFolder folder;
  constexpr std::uint32_t kCount = 16000;  // one second in float32, mono
  std::vector<float> samples(kCount, 0.25F);
  samples[8000] = std::numeric_limits<float>::quiet_NaN();
  std::string wav(44, '\0');
  const auto put = [&wav](std::size_t at, auto value) { std::memcpy(wav.data() + at, &value, sizeof(value)); };
  wav.replace(0, 4, "RIFF").replace(8, 8, "WAVEfmt ").replace(36, 4, "data");
  put(4, std::uint32_t{36 + 4 * kCount});
  put(16, std::uint32_t{16});
  put(20, std::uint16_t{3});  // IEEE float
  put(22, std::uint16_t{1});
  put(24, std::uint32_t{16000});
  put(28, std::uint32_t{4 * 16000});
  put(32, std::uint16_t{4});
  put(34, std::uint16_t{32});
  put(40, std::uint32_t{4 * kCount});
  wav.append(reinterpret_cast<const char*>(samples.data()), 4 * kCount);
  util::write_text(folder / "a.wav", wav);
  const auto decode = [&] { decode_audio(folder / "a.wav", 16000); };
  EXPECT_THAT(error_of(decode), HasSubstr("a.wav: samples must be finite numbers, got nan at 0.500 s"));
  EXPECT_EQ(exit_code_of(decode), 4);
}

TEST(Audio, AFileThatBreaksOffIsDecodedAsFarAsItGoes) {
  const TempFolder folder;
  write_wav(folder / "a.wav", tone(2.0));
  const std::string whole = util::read_text(folder / "a.wav");
  util::write_text(folder / "cut.wav", whole.substr(0, whole.size() / 2));
  EXPECT_NEAR(decode_audio(folder / "cut.wav").seconds(), 1.0, 0.05);
}

TEST(Audio, ARealSongHasItsLength) {
  const fs::path song = "/usr/share/games/fretsonfire/data/songs/sectoid/Metal madness/song.ogg";
  if (!fs::exists(song)) {
    if (std::getenv("CI") != nullptr) {
      FAIL() << "package fretsonfire-songs-sectoid is missing";
    }
    GTEST_SKIP() << "package fretsonfire-songs-sectoid is not installed";
  }
  EXPECT_NEAR(audio_seconds(song), 143.7, 0.1);
}

}  // namespace
}  // namespace stgmamba::media
