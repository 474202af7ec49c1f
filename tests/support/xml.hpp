// SPDX-License-Identifier: MIT
// Is a text well-formed XML, as far as figures need it?
#pragma once

#include <string>

namespace stgmamba::test {

/// What is wrong with its tags, quotes or ampersands; "" when nothing is.
std::string xml_problem(const std::string& text);

}  // namespace stgmamba::test
