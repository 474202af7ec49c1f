// SPDX-License-Identifier: MIT
#include "stgmamba/util/stop.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace stgmamba::util {
namespace {

std::atomic<bool> requested{false};
// Counted apart: a first SIGTERM after --max-time has asked for the stop must not cut the save short.
std::atomic<int> signals{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_signal(int signal) {
  requested.store(true);
  if (signals.fetch_add(1) > 0) {
    _exit(128 + signal);  // asked twice: do not wait for the save
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
  signals.store(0);
}

}  // namespace stgmamba::util
