// SPDX-License-Identifier: MIT
// Runs a built program in a folder and keeps what it said.
#pragma once

#include <filesystem>
#include <string>

namespace stgmamba::test {

struct ToolRun {
  int code = -1;
  std::string out, err;
};

/// `line` is a shell command line without the program's folder: "stg_generate --music a.wav".
ToolRun run_tool(const std::string& line, const std::filesystem::path& folder);

}  // namespace stgmamba::test
