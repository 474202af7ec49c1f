// SPDX-License-Identifier: MIT
#include "stgmamba/util/log.hpp"

#include <cstdlib>
#include <memory>

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
  auto logger = std::make_shared<spdlog::logger>("stgmamba", std::move(sink));
  logger->set_level(options.verbosity < 0    ? spdlog::level::warn
                    : options.verbosity == 0 ? spdlog::level::info
                                             : spdlog::level::debug);
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

void add_log_file(const std::filesystem::path& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
    holder()->sinks().push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    throw ResourceError("{}: cannot open the log file: {}", path.string(), error.what());
  }
}

spdlog::logger& log() {
  return *holder();
}

}  // namespace stgmamba::util
