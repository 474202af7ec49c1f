// SPDX-License-Identifier: MIT
// Logging to stderr through spdlog. Results go to stdout, which only the programs in tools/ may touch.
#pragma once

#include <filesystem>

#include <spdlog/spdlog.h>

namespace stgmamba::util {

enum class Color { kAuto, kAlways, kNever };  // kAuto: a terminal and no NO_COLOR

struct LogOptions {
  int verbosity = 0;  // -1 quiet (warnings and errors), 0 info, 1 debug
  Color color = Color::kAuto;
};

void setup_log(const LogOptions& options);

/// While it lives, everything is also appended to a file, with times. Throws ResourceError. Made and destroyed while no
/// other thread logs.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

 private:
  spdlog::sink_ptr sink_;
};

/// Use as `util::log().info("wrote {}", path)`.
spdlog::logger& log();

}  // namespace stgmamba::util
