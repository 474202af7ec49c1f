// SPDX-License-Identifier: MIT
#include "stgmamba/util/log.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::util {
namespace {

spdlog::color_mode color_mode(Color color) {
  if (color == Color::kAlways) {
    return spdlog::color_mode::always;
  }
  const bool plain = color == Color::kNever || std::getenv("NO_COLOR") != nullptr || isatty(STDERR_FILENO) == 0;
  return plain ? spdlog::color_mode::never : spdlog::color_mode::always;
}

/// Owned by spdlog's registry; leaked at exit on purpose, so that destructors may still log.
std::shared_ptr<spdlog::logger> make_logger(const LogOptions& options) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(color_mode(options.color));
  sink->set_pattern("%^%l%$: %v");
  const auto level = options.verbosity < 0    ? spdlog::level::warn
                     : options.verbosity == 0 ? spdlog::level::info
                                              : spdlog::level::debug;
  sink->set_level(level);  // the terminal's alone: a LogFile is as full as ever with --quiet
  auto logger = std::make_shared<spdlog::logger>("stgmamba", std::move(sink));
  logger->set_level(std::min(level, spdlog::level::info));
  logger->flush_on(spdlog::level::info);
  return logger;
}

std::shared_ptr<spdlog::logger>& holder() {
  static auto* logger = new std::shared_ptr<spdlog::logger>(make_logger({}));
  return *logger;
}

}  // namespace

void setup_log(const LogOptions& options) {
  holder() = make_logger(options);
}

LogFile::LogFile(const std::filesystem::path& path) {
  try {
    sink_ = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
  } catch (const spdlog::spdlog_ex& error) {
    throw ResourceError("{}: cannot open the log file: {}", path.string(), error.what());
  }
  sink_->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
  holder()->sinks().push_back(sink_);
}

LogFile::~LogFile() {
  std::erase(holder()->sinks(), sink_);
}

spdlog::logger& log() {
  return *holder();
}

}  // namespace stgmamba::util
