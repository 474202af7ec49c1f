// SPDX-License-Identifier: MIT
// Small text helpers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stgmamba::util {

/// Nearest candidate by edit distance, or "" when none is near enough to be a typo.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// Strict decimal parsing of the whole text; false when anything is left over or out of range.
bool parse_integer(std::string_view text, long long& value);
bool parse_number(std::string_view text, double& value);

}  // namespace stgmamba::util
