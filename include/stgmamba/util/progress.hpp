// SPDX-License-Identifier: MIT
// One progress line with rate and ETA on a terminal; a plain line now and then elsewhere (log files, Slurm).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace stgmamba::util {

class Progress {
 public:
  /// `unit` names one step ("step", "frame"). `start` is where a resumed run begins: the rate ignores earlier steps.
  Progress(std::string label, std::int64_t total, std::string unit, std::int64_t start = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `detail` is appended to the line ("loss 0.123  wait 2%"). Redraws at most ten times a second on a terminal, prints
  /// at most one plain line every 10 s otherwise.
  void update(std::int64_t done, std::string_view detail = {});
  void finish();

 private:
  void draw(std::int64_t done, std::string_view detail, bool last);
  using Clock = std::chrono::steady_clock;
  std::string label_, unit_;
  std::int64_t total_, start_, done_;
  Clock::time_point begin_, drawn_;
  bool terminal_, finished_ = false;
  int width_ = 0;
};

/// "12 s", "3 m 05 s", "2 h 10 m".
std::string format_duration(double seconds);
/// "1.2 MB".
std::string format_bytes(std::uintmax_t bytes);

}  // namespace stgmamba::util
