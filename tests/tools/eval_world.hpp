// SPDX-License-Identifier: MIT
// A folder with a corpus, a table and the configuration of its run, shared by the tests of one suite.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"
#include "tools/run_tool.hpp"

namespace stgmamba::test {

class EvalWorld : public ::testing::Test {
 protected:
  /// set/ as `stg_data synth` makes it of `corpus` ("--preset tiny"), table.yaml and run.yaml.
  static void make_world(const std::string& corpus, const char* table, const char* run) {
    folder_ = new TempFolder;
    ASSERT_EQ(run_tool("stg_data synth " + corpus + " --out set", folder_->path()).code, 0);
    util::write_text(*folder_ / "table.yaml", table);
    util::write_text(*folder_ / "run.yaml", run);
  }
  static void TearDownTestSuite() { delete folder_; }
  static ToolRun eval(const std::string& arguments) {
    const bool scores =
        arguments.find("--figure") == std::string::npos &&
        (arguments.find("--table") != std::string::npos || arguments.find("--generated") != std::string::npos ||
         arguments.find("--checkpoint") != std::string::npos);
    return run_tool("stg_eval " + arguments + (scores ? " --replicates 20" : ""), folder_->path());
  }

  /// What a table must refuse before it trains or scores anything.
  struct Refusal {
    const char *arguments, *says;
    int code;
  };
  static void expect_untrained(const Refusal& wrong) {
    const ToolRun run = eval(std::string(wrong.arguments) + " --run-missing --runs-dir untouched");
    EXPECT_EQ(run.code, wrong.code) << wrong.arguments << "\n" << run.err;
    EXPECT_NE(run.err.find(wrong.says), std::string::npos) << wrong.arguments << "\n" << run.err;
    EXPECT_FALSE(std::filesystem::exists(*folder_ / "untouched")) << wrong.arguments;
    std::filesystem::remove_all(*folder_ / "untouched");
  }

  static inline TempFolder* folder_ = nullptr;
};

}  // namespace stgmamba::test
