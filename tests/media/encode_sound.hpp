// SPDX-License-Identifier: MIT
// Compressed sound files for tests, made with FFmpeg's encoders so that none need be committed.
#pragma once

#include <filesystem>
#include <string>

namespace stgmamba::media {

struct TestSound {
  std::string encoder = "libmp3lame";  // one that takes planar floats
  int rate = 44100, channels = 2;
  double seconds = 4.0;
  double click = 2.0;  // s; 10 ms of 1 kHz at 0.8, first channel only when `left_only`; silence elsewhere
  bool left_only = false;
};

/// False when this FFmpeg lacks the encoder. The container follows the file's extension.
bool encode_sound(const std::filesystem::path& path, const TestSound& sound);
int sound_channels(const std::filesystem::path& path);  // of the first audio stream, as its header states

}  // namespace stgmamba::media
