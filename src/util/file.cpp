// SPDX-License-Identifier: MIT
#include "stgmamba/util/file.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"

namespace stgmamba::util {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kReserve = 16U << 20U;  // bytes left free for logs and markers

[[noreturn]] void fail(const fs::path& path, const char* what) {
  throw ResourceError("{}: cannot {}: {}", path.string(), what, std::strerror(errno));
}

fs::path sibling(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  // Hidden, unique in the folder, and with the target's extension, which some writers choose the format by.
  return target.parent_path() / fmt::format(".{}.{}-{}.part{}", target.stem().string(), getpid(), counter.fetch_add(1),
                                            target.extension().string());
}

void sync_path(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    fail(path, "open");
  }
  const int reason = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  // Some file systems cannot sync folders; EINVAL there loses nothing that a rename would have kept.
  if (reason != 0 && reason != EINVAL) {
    errno = reason;
    fail(path, "flush to disk");
  }
}

void write_all(int descriptor, const fs::path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      const int reason = errno;
      close(descriptor);
      errno = reason;
      fail(path, "write");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void rename_over(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    fail(to, "rename into place");
  }
  sync_path(parent_of(to));
}

}  // namespace

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int reason = errno;
    throw DataError("{}: {}", path.string(),
                    reason == ENOENT ? "no such file" : std::string("cannot be read: ") + std::strerror(reason));
  }
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw DataError("{}: cannot be read: it is a folder", path.string());
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) {
    throw DataError("{}: reading broke off", path.string());
  }
  return std::move(text).str();
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  PendingFile pending(path);
  const int descriptor = open(pending.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    fail(path, "create");
  }
  write_all(descriptor, path, bytes);
  if (close(descriptor) != 0) {
    fail(path, "write");
  }
  pending.commit();
}

void write_text(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span<const char>(text.data(), text.size())));
}

void append_line(const fs::path& path, std::string_view line) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    fail(path, "open for appending");
  }
  const std::string whole = std::string(line) + '\n';  // one write: lines of two processes never mix
  write_all(descriptor, path, std::as_bytes(std::span<const char>(whole.data(), whole.size())));
  close(descriptor);
}

PendingFile::PendingFile(fs::path target) : target_(std::move(target)), temporary_(sibling(target_)) {}

PendingFile::~PendingFile() {
  if (!done_) {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
  }
}

void PendingFile::commit() {
  sync_path(temporary_);
  rename_over(temporary_, target_);
  done_ = true;
}

PendingFolder::PendingFolder(fs::path target)
    : target_(target.has_filename() ? std::move(target) : target.parent_path()),  // "poses/" is "poses"
      temporary_(sibling(target_)) {
  make_folders(temporary_);
}

PendingFolder::~PendingFolder() {
  if (!done_) {
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);
  }
}

void PendingFolder::sync() const {
  for (const auto& entry : fs::recursive_directory_iterator(temporary_)) {
    sync_path(entry.path());
  }
  sync_path(temporary_);
}

void PendingFolder::commit() {
  sync();
  rename_over(temporary_, target_);
  done_ = true;
}

void PendingFolder::replace() {
  if (!fs::exists(target_)) {
    commit();
    return;
  }
  sync();
  // In one step, so that there is always a whole folder of that name.
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
    fail(target_, "replace");
  }
  sync_path(parent_of(target_));  // what was replaced has the temporary name now, and goes with this object
}

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    throw ResourceError("{}: cannot create the folder: {}", path.string(), error.message());
  }
}

std::uintmax_t free_bytes(const fs::path& path) {
  fs::path existing = fs::absolute(path);
  while (!fs::exists(existing) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  std::error_code error;
  const fs::space_info space = fs::space(existing, error);
  if (error) {
    throw ResourceError("{}: cannot ask for free space: {}", existing.string(), error.message());
  }
  return space.available;
}

void require_free_space(const fs::path& path, std::uintmax_t bytes) {
  const std::uintmax_t available = free_bytes(path);
  if (available < bytes + kReserve) {
    throw ResourceError("{}: need {} free, have {}; free some space and run the same command again", path.string(),
                        format_bytes(bytes + kReserve), format_bytes(available));
  }
}

FileLock::FileLock(const fs::path& path) : path_(path) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    fail(path, "create the lock");
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      const int reason = errno;
      close(descriptor_);
      errno = reason;
      fail(path, "lock");
    }
    char owner[32] = {};
    const ssize_t length = pread(descriptor_, owner, sizeof(owner) - 1, 0);
    close(descriptor_);
    descriptor_ = -1;
    throw ResourceError("{}: in use by process {}; wait for it to end or choose another name", path.string(),
                        length > 0 ? owner : "unknown");
  }
  const std::string mine = std::to_string(getpid());
  if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, mine.data(), mine.size(), 0) < 0) {
    const int reason = errno;
    close(descriptor_);
    errno = reason;
    fail(path, "write the lock");
  }
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) {
    close(descriptor_);  // releases the lock; the file stays, removing it would race with the next holder
  }
}

}  // namespace stgmamba::util
