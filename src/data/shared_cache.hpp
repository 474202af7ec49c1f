// SPDX-License-Identifier: MIT
// Things that are costly to make, shared by the loader's threads: least recently used ones go first.
#pragma once

#include <cstdint>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace stgmamba::data {

/// `Value` has bytes().
template <typename Value>
class SharedCache {
 public:
  using Result = std::shared_ptr<const Value>;
  explicit SharedCache(std::int64_t limit_bytes) : limit_(limit_bytes) {}

  /// `make()` returns a Result; it runs at most once even when several threads ask. An error reaches all of them and is
  /// not remembered.
  template <typename Make>
  Result get(const std::string& id, Make&& make);
  std::int64_t bytes() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return bytes_;
  }

 private:
  struct Entry {
    std::shared_future<Result> result;
    std::list<std::string>::iterator place;
    std::int64_t bytes = 0;  // 0 while it is being made
  };
  void settle(const std::string& id, std::int64_t bytes);
  std::int64_t limit_, bytes_ = 0;
  mutable std::mutex mutex_;
  std::list<std::string> order_;  // newest first
  std::map<std::string, Entry> entries_;
};

template <typename Value>
template <typename Make>
typename SharedCache<Value>::Result SharedCache<Value>::get(const std::string& id, Make&& make) {
  std::promise<Result> promise;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (const auto found = entries_.find(id); found != entries_.end()) {
      order_.splice(order_.begin(), order_, found->second.place);
      const std::shared_future<Result> result = found->second.result;
      lock.unlock();
      return result.get();
    }
    order_.push_front(id);
    entries_[id] = {promise.get_future().share(), order_.begin(), 0};
  }
  try {
    Result result = make();
    promise.set_value(result);
    settle(id, result->bytes());
    return result;
  } catch (...) {
    promise.set_exception(std::current_exception());
    const std::lock_guard<std::mutex> guard(mutex_);
    order_.erase(entries_.at(id).place);
    entries_.erase(id);
    throw;
  }
}

template <typename Value>
void SharedCache<Value>::settle(const std::string& id, std::int64_t bytes) {
  const std::lock_guard<std::mutex> guard(mutex_);
  entries_.at(id).bytes = bytes;
  bytes_ += bytes;
  for (auto place = order_.end(); bytes_ > limit_ && place != order_.begin();) {
    --place;
    const auto entry = entries_.find(*place);
    if (entry->second.bytes == 0) {
      continue;  // still being made by another thread
    }
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
    place = order_.erase(place);
  }
}

}  // namespace stgmamba::data
