// SPDX-License-Identifier: MIT
// Sound: decode any file to mono samples, write WAV.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace stgmamba::media {

/// Mono sound, samples in [-1, 1].
struct Audio {
  std::vector<float> samples;
  int rate = 16000;  // samples per second

  double seconds() const { return rate > 0 ? static_cast<double>(samples.size()) / rate : 0.0; }
};

/// A stretch of a file, in seconds; `seconds` < 0 means to the end.
struct TimeRange {
  double start = 0.0;
  double seconds = -1.0;
};

/// Decodes the first audio stream of any file FFmpeg knows (channels averaged, resampled to `rate`), starting exactly
/// at range.start: encoder priming is removed as the container states it. Throws DataError naming the file: missing, no
/// audio stream, empty, undecodable. A file that breaks off is decoded as far as it goes, with a warning that says
/// where it ended.
Audio decode_audio(const std::filesystem::path& path, int rate = 16000, TimeRange range = {});

/// Duration of the decoded first audio stream in seconds, by decoding (headers lie).
double audio_seconds(const std::filesystem::path& path);

/// 16-bit PCM mono WAV, atomic; samples are clipped to [-1, 1].
void write_wav(const std::filesystem::path& path, const Audio& audio);

}  // namespace stgmamba::media
