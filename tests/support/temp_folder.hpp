// SPDX-License-Identifier: MIT
// Fresh folders and outside data for tests.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace stgmamba::test {

/// A new empty folder, removed with everything in it at the end of the scope.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The shared test data beside the checkout (STG_TESTDATA overrides), or an empty path. With CI=true a missing folder
/// is a failure, elsewhere `STG_REQUIRE_TESTDATA` skips the test and says so.
std::filesystem::path testdata();

/// The message of the Error that `action` throws; "" when it throws none.
std::string error_of(const std::function<void()>& action);
/// Its exit code as a number; 0 when it throws none.
int exit_code_of(const std::function<void()>& action);

}  // namespace stgmamba::test

#define STG_REQUIRE_TESTDATA(folder)                                                \
  const std::filesystem::path folder = ::stgmamba::test::testdata();                \
  if ((folder).empty()) {                                                           \
    if (std::getenv("CI") != nullptr)                                               \
      FAIL() << "test data missing: ../shared/testdata";                            \
    GTEST_SKIP() << "test data not found beside the checkout (../shared/testdata)"; \
  }                                                                                 \
  static_assert(true, "")
