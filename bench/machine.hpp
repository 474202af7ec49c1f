// SPDX-License-Identifier: MIT
// What a measurement must say about where it was made.
#pragma once

#include <fstream>
#include <string>

namespace stgmamba::bench {

/// The model name of /proc/cpuinfo.
inline std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  std::string family;
  for (std::string line; std::getline(info, line);) {
    const auto value = [&line] { return line.substr(line.find(':') + 2); };
    if (line.rfind("cpu family", 0) == 0) {
      family = " family " + value();
    } else if (line.rfind("model\t", 0) == 0) {
      family += " model " + value();
    } else if (line.rfind("model name", 0) == 0) {
      return value() + family;
    }
  }
  return "unknown CPU";
}

/// `VmRSS` or `VmHWM` (its peak) of this process.
inline double resident_mib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field, 0) == 0) {
      return std::stod(line.substr(field.size() + 1)) / 1024;
    }
  }
  return 0;
}

}  // namespace stgmamba::bench
