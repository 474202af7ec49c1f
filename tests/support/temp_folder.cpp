// SPDX-License-Identifier: MIT
#include "support/temp_folder.hpp"

#include <cstdlib>

#include <unistd.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::test {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::string pattern = (fs::temp_directory_path() / "stgmamba_test_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw ResourceError("cannot make a temporary folder like {}", pattern);
  }
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path testdata() {
  const char* chosen = std::getenv("STG_TESTDATA");
  const fs::path folder =
      chosen != nullptr ? fs::path(chosen) : fs::path(STG_SOURCE_DIR).parent_path() / "shared" / "testdata";
  return fs::is_directory(folder) ? folder : fs::path();
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

int exit_code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return static_cast<int>(error.code());
  }
  return 0;
}

}  // namespace stgmamba::test
