// SPDX-License-Identifier: MIT
#include "stgmamba/util/stop.hpp"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

#include <unistd.h>

namespace stgmamba::util {
namespace {

constexpr std::int64_t kOneAskMs = 1000;

std::atomic<bool> requested{false};
// Kept apart: a first SIGTERM after --max-time has asked for the stop must not cut the save short.
std::atomic<std::int64_t> first_signal_ms{0};  // 0: none came
static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

std::int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);  // POSIX lets a signal handler call it; std::chrono makes no such promise
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void on_signal(int signal) {
  requested.store(true);
  const std::int64_t now = now_ms();
  std::int64_t first = 0;
  if (!first_signal_ms.compare_exchange_strong(first, now) && now - first >= kOneAskMs) {
    _exit(128 + signal);  // asked again: do not wait for the save
  }
}

}  // namespace

void install_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() {
  return requested.load();
}
void request_stop() {
  requested.store(true);
}
void clear_stop_request() {
  requested.store(false);
  first_signal_ms.store(0);
}

}  // namespace stgmamba::util
