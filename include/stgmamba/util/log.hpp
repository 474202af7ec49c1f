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
void add_log_file(const std::filesystem::path& path);  // also write everything, with times, to a file

/// Use as `util::log().info("wrote {}", path)`.
spdlog::logger& log();

}  // namespace stgmamba::util
