// SPDX-License-Identifier: MIT
#include "stgmamba/util/file.hpp"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::util {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::exit_code_of;
using test::TempFolder;
using testing::HasSubstr;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(File, WritesAndReplacesWhole) {
  const TempFolder folder;
  write_text(folder / "a.txt", "one");
  write_text(folder / "a.txt", "two");
  EXPECT_EQ(read_text(folder / "a.txt"), "two");
  EXPECT_EQ(entries(folder.path()), 1U);
  EXPECT_EQ(hash_file(folder / "a.txt"), hash_text("two"));
}

TEST(File, MissingFileIsADataError) {
  EXPECT_EQ(error_of([] { read_text("/nonexistent/x"); }), "/nonexistent/x: no such file");
  EXPECT_EQ(exit_code_of([] { read_text("/nonexistent/x"); }), 4);
}

TEST(File, AFolderIsNoFile) {
  const TempFolder folder;
  EXPECT_THAT(error_of([&] { read_text(folder.path()); }), HasSubstr("it is a folder"));
  EXPECT_THAT(error_of([&] { hash_file(folder.path()); }), HasSubstr("cannot be read"));
  EXPECT_EQ(exit_code_of([&] { read_text(folder / std::string(300, 'x')); }), 4);  // the system's longest name is 255
}

TEST(File, AFullDiskIsAResourceError) {
  EXPECT_EQ(error_of([] { append_line("/dev/full", "a"); }), "/dev/full: cannot write: No space left on device");
  EXPECT_EQ(exit_code_of([] { append_line("/dev/full", "a"); }), 7);
}

TEST(File, AFailedWriteKeepsTheOldContentAndLeavesNothing) {
  const TempFolder folder;
  write_text(folder / "a.txt", "old");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &small);
  const int code = exit_code_of([&] { write_text(folder / "a.txt", std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(code, 7);
  EXPECT_EQ(read_text(folder / "a.txt"), "old");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(File, AMissingFolderIsNamed) {
  EXPECT_THAT(error_of([] { write_text("/nonexistent/folder/x", "1"); }), HasSubstr("/nonexistent/folder/x: cannot"));
}

TEST(File, AppendsLines) {
  const TempFolder folder;
  append_line(folder / "log", "a");
  append_line(folder / "log", "b");
  EXPECT_EQ(read_text(folder / "log"), "a\nb\n");
}

TEST(PendingFile, DisappearsUnlessCommitted) {
  const TempFolder folder;
  {
    PendingFile pending(folder / "x.mp4");
    EXPECT_EQ(pending.path().extension(), ".mp4");
    std::ofstream(pending.path()) << "half";
  }
  EXPECT_EQ(entries(folder.path()), 0U);
  PendingFile pending(folder / "x.mp4");
  std::ofstream(pending.path()) << "whole";
  pending.commit();
  EXPECT_EQ(read_text(folder / "x.mp4"), "whole");
}

TEST(PendingFolder, AppearsOnCommitOnly) {
  const TempFolder folder;
  {
    const PendingFolder pending(folder / "step");
    std::ofstream(pending.path() / "a") << "1";
  }
  EXPECT_EQ(entries(folder.path()), 0U);
  PendingFolder pending(folder / "step");
  std::ofstream(pending.path() / "a") << "1";
  pending.commit();
  EXPECT_EQ(read_text(folder / "step/a"), "1");
}

TEST(PendingFolder, ReplacesAFolderWholeAndKnowsATrailingSlash) {
  const TempFolder folder;
  for (const char* name : {"a", "b"}) {
    PendingFolder pending(folder / "step/");
    std::ofstream(pending.path() / name) << name;
    pending.replace();
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "step/a"));
  EXPECT_EQ(read_text(folder / "step/b"), "b");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(FreeSpace, IsCheckedBeforeWriting) {
  const TempFolder folder;
  EXPECT_GT(free_bytes(folder / "not/yet/there"), 0U);
  EXPECT_EQ(exit_code_of([&] { require_free_space(folder.path(), std::uintmax_t{1} << 60U); }), 7);
  EXPECT_THAT(error_of([&] { require_free_space(folder.path(), std::uintmax_t{1} << 60U); }), HasSubstr("need"));
}

TEST(FileLock, KeepsASecondHolderOut) {
  const TempFolder folder;
  {
    const FileLock lock(folder / "run.lock");
    EXPECT_THAT(error_of([&] { const FileLock second(folder / "run.lock"); }),
                HasSubstr("in use by process " + std::to_string(getpid()) + ";"));
  }
  EXPECT_EQ(error_of([&] { const FileLock again(folder / "run.lock"); }), "");
}

}  // namespace
}  // namespace stgmamba::util
