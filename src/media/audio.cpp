// SPDX-License-Identifier: MIT
#include "stgmamba/media/audio.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/file.hpp"

#include "media/sound_reader.hpp"

namespace stgmamba::media {

Audio decode_audio(const std::filesystem::path& path, int rate, TimeRange range) {
  SoundReader reader(path, rate, 1, range);
  Audio audio;
  audio.rate = rate;
  while (reader.read(audio.samples)) {
  }
  reader.conclude();
  return audio;
}

double audio_seconds(const std::filesystem::path& path) {
  constexpr int kRate = 16000;
  SoundReader reader(path, kRate, 1, {});
  std::int64_t count = 0;
  for (std::vector<float> part; reader.read(part); part.clear()) {
    count += static_cast<std::int64_t>(part.size());
  }
  reader.conclude();
  return static_cast<double>(count) / kRate;
}

void write_wav(const std::filesystem::path& path, const Audio& audio) {
  STG_CHECK(audio.rate > 0, "[write_wav] rate must be positive, got {}", audio.rate);
  STG_CHECK(audio.samples.size() < (1U << 30U), "[write_wav] at most 2^30 samples fit a WAV, got {}",
            audio.samples.size());
  const auto data_bytes = static_cast<std::uint32_t>(audio.samples.size() * 2);
  std::vector<std::byte> bytes(44 + data_bytes);
  const auto put = [&](std::size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof(value)); };
  std::memcpy(bytes.data(), "RIFF", 4);
  put(4, std::uint32_t{36} + data_bytes);
  std::memcpy(bytes.data() + 8, "WAVEfmt ", 8);
  put(16, std::uint32_t{16});
  put(20, std::uint16_t{1});  // PCM
  put(22, std::uint16_t{1});  // mono
  put(24, static_cast<std::uint32_t>(audio.rate));
  put(28, static_cast<std::uint32_t>(audio.rate * 2));
  put(32, std::uint16_t{2});
  put(34, std::uint16_t{16});
  std::memcpy(bytes.data() + 36, "data", 4);
  put(40, data_bytes);
  for (std::size_t i = 0; i < audio.samples.size(); ++i) {
    put(44 + 2 * i, static_cast<std::int16_t>(std::lround(std::clamp(audio.samples[i], -1.0F, 1.0F) * 32767.0F)));
  }
  util::write_file(path, bytes);
}

}  // namespace stgmamba::media
