// SPDX-License-Identifier: MIT
#include "tools/run_tool.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/wait.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {

ToolRun run_tool(const std::string& line, const std::filesystem::path& folder) {
  const TempFolder logs;
  const std::string command = fmt::format("cd '{}' && '{}/bin/'{} >'{}' 2>'{}'", folder.string(), STG_BINARY_DIR, line,
                                          (logs / "out").string(), (logs / "err").string());
  const int status = std::system(command.c_str());
  ToolRun run;
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.out = util::read_text(logs / "out");
  run.err = util::read_text(logs / "err");
  return run;
}

}  // namespace stgmamba::test
