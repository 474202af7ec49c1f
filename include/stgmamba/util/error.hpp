// SPDX-License-Identifier: MIT
// The one error family. A message says where, what must hold, what came and what to do, on one line.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace stgmamba {

/// Exit codes of every program; scripts may rely on them.
enum class ExitCode : int {
  kDone = 0,
  kBug = 1,
  kUsage = 2,
  kConfig = 3,
  kData = 4,
  kCheckpoint = 5,
  kDiverged = 6,
  kResource = 7,  // disk or memory
  kDistributed = 8,
  kGate = 10,     // a gate was not met, or `stg_data check` has findings
  kStopped = 75,  // stopped on request with state saved: run the same command again
};

/// Base of every error thrown by the library. Carries the exit code that a program must end with.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// An error whose exit code is part of its type: `throw DataError("{}: no audio stream", path)`.
template <ExitCode kCode>
class CodedError : public Error {
 public:
  template <typename... Args>
  explicit CodedError(fmt::format_string<Args...> format, Args&&... args)
      : Error(kCode, fmt::format(format, std::forward<Args>(args)...)) {}
};

using BugError = CodedError<ExitCode::kBug>;                // a broken promise inside the library
using UsageError = CodedError<ExitCode::kUsage>;            // a wrong command line
using ConfigError = CodedError<ExitCode::kConfig>;          // a wrong configuration
using DataError = CodedError<ExitCode::kData>;              // unusable input: audio, video, poses, datasets
using CheckpointError = CodedError<ExitCode::kCheckpoint>;  // unusable weights or run state
using DivergedError = CodedError<ExitCode::kDiverged>;      // training left the finite numbers
using ResourceError = CodedError<ExitCode::kResource>;      // disk full, no permission, no memory
using StoppedError = CodedError<ExitCode::kStopped>;        // stopped on request, state saved

}  // namespace stgmamba
