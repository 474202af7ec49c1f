// SPDX-License-Identifier: MIT
#include "stgmamba/util/progress.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "stgmamba/util/log.hpp"

namespace stgmamba::util {

Progress::Progress(std::string label, std::int64_t total, std::string unit, std::int64_t start)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(start),
      done_(start),
      begin_(Clock::now()),
      drawn_(begin_),
      terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (!finished_ && terminal_ && width_ > 0) {
    std::fputc('\n', stderr);  // leave the unfinished line readable, whatever is printed next
  }
}

void Progress::update(std::int64_t done, std::string_view detail) {
  done_ = done;
  const double since = std::chrono::duration<double>(Clock::now() - drawn_).count();
  if (since >= (terminal_ ? 0.1 : 10.0)) {
    draw(done, detail, false);
  }
}

void Progress::finish() {
  if (!finished_) {
    draw(done_, {}, true);
    finished_ = true;
  }
}

void Progress::draw(std::int64_t done, std::string_view detail, bool last) {
  drawn_ = Clock::now();
  if (log().level() > spdlog::level::info) {
    return;  // quiet
  }
  const double elapsed = std::chrono::duration<double>(drawn_ - begin_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - start_) / elapsed : 0.0;
  std::string line = fmt::format("{} {}/{} {}s", label_, done, total_, unit_);
  if (rate > 0) {
    line += rate >= 1 ? fmt::format("  {:.1f} {}s/s", rate, unit_) : fmt::format("  {:.1f} s/{}", 1 / rate, unit_);
    line += last ? "  took " + format_duration(elapsed)
                 : "  ETA " + format_duration(static_cast<double>(total_ - done) / rate);
  }
  if (!detail.empty()) {
    line += fmt::format("  {}", detail);
  }
  if (!terminal_) {
    log().info("{}", line);
    return;
  }
  const int width = static_cast<int>(line.size());
  fmt::print(stderr, "\r{}{}", line, std::string(static_cast<std::size_t>(std::max(0, width_ - width)), ' '));
  if (last) {
    std::fputc('\n', stderr);
  }
  std::fflush(stderr);
  width_ = width;
}

std::string format_duration(double seconds) {
  if (seconds < 10.0) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) {
    return fmt::format("{} s", whole);
  }
  if (whole < 3600) {
    return fmt::format("{} m {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} h {:02} m", whole / 3600, whole % 3600 / 60);
}

std::string format_bytes(std::uintmax_t bytes) {
  double value = static_cast<double>(bytes);
  for (const char* unit : {"B", "kB", "MB", "GB"}) {
    if (value < 1000.0) {
      return fmt::format("{:.{}f} {}", value, value < 10.0 && *unit != 'B' ? 1 : 0, unit);
    }
    value /= 1000.0;
  }
  return fmt::format("{:.1f} TB", value);
}

}  // namespace stgmamba::util
