// SPDX-License-Identifier: MIT
// Always-on checks at public entries. `STG_CHECK(cond, "[op] x must be ..., got {}", x)`.
#pragma once

#include "stgmamba/util/error.hpp"

/// Throws BugError (exit code 1) with a formatted message when `condition` is false.
#define STG_CHECK(condition, ...)              \
  do {                                         \
    if (!(condition)) {                        \
      throw ::stgmamba::BugError(__VA_ARGS__); \
    }                                          \
  } while (false)
