// SPDX-License-Identifier: MIT
// What every program shares: flags, help, one-line errors, exit codes, versions.
//
//   class Greet : public Command { ... };
//   int greet_main(int argc, char** argv) { Greet command; return run_program(argc, argv, command); }
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include <nlohmann/json_fwd.hpp>

#include "stgmamba/util/error.hpp"

namespace CLI {
class App;
}

namespace stgmamba::tools {

inline constexpr const char* kSharedGroup = "Shared";  // of the help

/// Flags that mean the same in every program.
struct SharedFlags {
  int verbosity = 0;  // -q: -1, -v: 1
  bool json = false;  // results on stdout as one JSON document
  std::optional<std::uint64_t> seed;
  int threads = 0;              // 0: as many as LibTorch picks
  std::string device = "auto";  // cpu | cuda[:i] | auto
};

/// One program: what it says about itself, its own flags, and what it does.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string name() const = 0;
  virtual std::string summary() const = 0;   // one sentence
  virtual std::string examples() const = 0;  // command lines, the main one first; they open the help
  virtual void declare(CLI::App& app) = 0;   // adds the command's own flags
  virtual int run(const SharedFlags& flags) = 0;
  virtual bool uses_gpu() const { return true; }  // otherwise --device may only be cpu or auto
};

/// Parses, runs, reports. Returns the exit code: what run() returned, 2 for a wrong command line, an Error's own code,
/// 7 when memory ran out, 1 for anything else. Errors are one line on stderr (a stop on request is information, and -q
/// hides it); -v adds LibTorch's backtrace.
int run_program(int argc, char** argv, Command& command);

/// `auto` is the first GPU where there is one, the CPU otherwise. Throws UsageError for a device that is not there.
c10::Device resolve_device(const std::string& name);

/// Refuses words on the command line that are no overrides key=value: often a second value of a flag that takes one.
void require_overrides(const std::string& program, const std::vector<std::string>& words);

/// Versions of stgmamba, LibTorch, CUDA, cuDNN, FFmpeg, OpenCV and the scan backends that work here.
nlohmann::json versions();

/// Text or JSON to stdout, the only stream for results.
void print_result(const std::string& text);
void print_result(const nlohmann::json& value);

}  // namespace stgmamba::tools
