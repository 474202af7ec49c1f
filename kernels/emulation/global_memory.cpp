// SPDX-License-Identifier: MIT
#include "emulation/global_memory.hpp"

#include <algorithm>

namespace stgmamba::kernels::emulation {
namespace {

constexpr unsigned char kCanary = 0xff;  // as a real type: NaN, so that reading it shows as well
std::vector<const GuardedBuffer*> registry;
const GuardedBuffer* latest = nullptr;

}  // namespace

GuardedBuffer::GuardedBuffer(std::string name, BufferShape shape)
    : name_(std::move(name)),
      shape_(shape),
      memory_(static_cast<std::size_t>(2 * kMargin + shape.rows * shape.stride_bytes), kCanary) {
  registry.push_back(this);
}

GuardedBuffer::~GuardedBuffer() {
  registry.erase(std::find(registry.begin(), registry.end(), this));
  latest = nullptr;
}

bool GuardedBuffer::is_near(std::uintptr_t address) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory_.data());
  return address >= begin && address < begin + memory_.size();
}

bool GuardedBuffer::holds(std::uintptr_t address, std::size_t size) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory_.data()) + kMargin;
  if (address < begin || address >= begin + static_cast<std::uintptr_t>(shape_.rows * shape_.stride_bytes)) {
    return false;
  }
  const auto column = static_cast<std::int64_t>((address - begin) % static_cast<std::uintptr_t>(shape_.stride_bytes));
  return column + static_cast<std::int64_t>(size) <= shape_.row_bytes;
}

std::string GuardedBuffer::damage() const {
  const auto bad = [this](std::int64_t from, std::int64_t to) {
    const auto begin = memory_.begin();
    return std::any_of(begin + from, begin + to, [](unsigned char byte) { return byte != kCanary; });
  };
  const std::int64_t end = kMargin + shape_.rows * shape_.stride_bytes;
  if (bad(0, kMargin)) {
    return "before " + name_;
  }
  if (bad(end, end + kMargin)) {
    return "behind " + name_;
  }
  for (std::int64_t row = 0; row < shape_.rows; ++row) {
    const std::int64_t begin = kMargin + row * shape_.stride_bytes;
    if (bad(begin + shape_.row_bytes, begin + shape_.stride_bytes)) {
      return "in the padding of row " + std::to_string(row) + " of " + name_;
    }
  }
  return {};
}

void check_global(const void* pointer, std::size_t size, std::size_t alignment, const char* what, const Site& site) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (address % alignment != 0) {
    fail(std::string("misaligned ") + what + " of " + std::to_string(size) + " bytes of global memory, at " +
         where(site));
  }
  if (registry.empty() || (latest != nullptr && latest->holds(address, size))) {
    return;
  }
  std::string close;
  for (const GuardedBuffer* buffer : registry) {
    if (buffer->holds(address, size)) {
      latest = buffer;
      return;
    }
    if (buffer->is_near(address)) {
      close = " (beside " + buffer->name() + ")";
    }
  }
  fail(std::string(what) + " out of bounds in global memory" + close + ", at " + where(site));
}

void check_canaries() {
  for (const GuardedBuffer* buffer : registry) {
    const std::string damage = buffer->damage();
    if (!damage.empty()) {
      throw Fault("a canary was overwritten " + damage);
    }
  }
}

}  // namespace stgmamba::kernels::emulation
