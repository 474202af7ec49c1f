// SPDX-License-Identifier: MIT
// Files that are either whole or absent: written under a temporary name, fsynced, then renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace stgmamba::util {

/// Whole file as bytes or text. Throws DataError naming the path when it is missing or unreadable.
std::string read_text(const std::filesystem::path& path);

/// Atomically replaces `path`. Throws ResourceError (disk full, read-only folder) and leaves no temporary file.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_text(const std::filesystem::path& path, std::string_view text);

/// Appends one line and flushes it to the kernel; used for json-lines logs.
void append_line(const std::filesystem::path& path, std::string_view line);

/// A temporary sibling of `target` (same folder, so that rename is atomic) that is removed unless committed. For
/// outputs that a library writes itself, such as mp4 files.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path target);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  const std::filesystem::path& path() const { return temporary_; }  // write here; keeps the target's extension
  void commit();                                                    // fsync, rename

 private:
  std::filesystem::path target_, temporary_;
  bool done_ = false;
};

/// A temporary sibling folder, renamed onto `target` by commit(); the target must not exist then, unless it is to be
/// replaced.
class PendingFolder {
 public:
  explicit PendingFolder(std::filesystem::path target);
  ~PendingFolder();
  PendingFolder(const PendingFolder&) = delete;
  PendingFolder& operator=(const PendingFolder&) = delete;
  const std::filesystem::path& path() const { return temporary_; }
  void commit();   // fsyncs every file and the folder, renames, fsyncs the parent
  void replace();  // the same, and removes what `target` held before

 private:
  void sync() const;
  std::filesystem::path target_, temporary_;
  bool done_ = false;
};

void make_folders(const std::filesystem::path& path);  // mkdir -p; throws ResourceError with the system's reason

/// Bytes a user may still write on the file system of `path` (its nearest existing ancestor).
std::uintmax_t free_bytes(const std::filesystem::path& path);
/// Throws ResourceError unless `bytes` plus a small reserve are free: "runs/x: need 120 MB free, have 3 MB".
void require_free_space(const std::filesystem::path& path, std::uintmax_t bytes);

/// An exclusive advisory lock on a file, held until destruction; a second holder gets ResourceError naming the first
/// holder's process id. Survives nothing: a killed process frees it.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
  std::filesystem::path path_;
};

}  // namespace stgmamba::util
