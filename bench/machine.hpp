// SPDX-License-Identifier: MIT
// What a measurement must say about where it was made.
#pragma once

#include <array>
#include <fstream>
#include <string>

#include <dlfcn.h>
#include <malloc.h>

#include <CLI/CLI.hpp>

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

/// What the driver calls the GPU of this number; it counts as CUDA does.
inline std::string gpu_name(int number) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) {
    return "unknown GPU";
  }
  // cuDeviceGet and cuDeviceGetName of the driver, whose header a CPU build need not have.
  const auto find = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto tell = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  std::array<char, 256> name{};
  int handle = 0;
  const bool told = find != nullptr && tell != nullptr && find(&handle, number) == 0 &&
                    tell(name.data(), static_cast<int>(name.size()), handle) == 0;
  return told ? name.data() : "unknown GPU";
}

/// Refuses a file that cannot be written before anything is measured.
inline CLI::Validator writable_file() {
  return {[](const std::string& file) {
            return std::ofstream(file, std::ios::app).good() ? std::string() : "cannot write " + file;
          },
          "FILE"};
}

/// Gives freed memory back to the system and lets VmHWM start from what is left.
inline void forget_peak_memory() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
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
