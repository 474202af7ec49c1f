// SPDX-License-Identifier: MIT
// The order of the windows of the epoch at hand, made once and shared by the loader's threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace stgmamba::data {

class EpochOrder {
 public:
  using Order = std::shared_ptr<const std::vector<std::int64_t>>;

  /// `make(epoch)` is a pure function.
  explicit EpochOrder(std::function<std::vector<std::int64_t>(std::int64_t)> make) : make_(std::move(make)) {}

  Order of(std::int64_t epoch) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (!order_ || epoch_ != epoch) {
      order_ = std::make_shared<const std::vector<std::int64_t>>(make_(epoch));
      epoch_ = epoch;
    }
    return order_;
  }

 private:
  std::function<std::vector<std::int64_t>(std::int64_t)> make_;
  std::mutex mutex_;
  Order order_;
  std::int64_t epoch_ = -1;
};

}  // namespace stgmamba::data
