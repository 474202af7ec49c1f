// SPDX-License-Identifier: MIT
// Which operators a piece of work spends its time in: self times from LibTorch's own record functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/record_function.h>

namespace stgmamba::bench {

/// Counts while it lives, on the thread that made it (the CPU's backward pass runs there too).
class OpProfile {
 public:
  struct Row {
    double milliseconds = 0;  // without the operators called inside
    std::int64_t calls = 0;
  };

  OpProfile() {
    rows().clear();
    stack().clear();
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  }
  ~OpProfile() { at::removeCallback(handle_); }
  OpProfile(const OpProfile&) = delete;
  OpProfile& operator=(const OpProfile&) = delete;

  static std::map<std::string, Row>& rows() {
    static std::map<std::string, Row> rows;
    return rows;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Open {
    Clock::time_point since;
    double inside = 0;  // milliseconds of the operators called inside
  };
  static std::vector<Open>& stack() {
    static std::vector<Open> stack;
    return stack;
  }
  static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction&) {
    stack().push_back({Clock::now()});
    return nullptr;
  }
  static void end(const at::RecordFunction& op, at::ObserverContext*) {
    const double whole = std::chrono::duration<double, std::milli>(Clock::now() - stack().back().since).count();
    Row& row = rows()[op.name()];
    row.milliseconds += whole - stack().back().inside;
    row.calls += 1;
    stack().pop_back();
    if (!stack().empty()) {
      stack().back().inside += whole;
    }
  }
  at::CallbackHandle handle_;
};

}  // namespace stgmamba::bench
